apollo {
  service("latchkey") {
    packageName.set("com.example.latchkey")
    schemaFiles.from("schema.gql")
    srcDir("examples/operations")
    mapScalarToKotlinString("DateTime")
    mapScalarToKotlinAny("JSON")
  }
}
