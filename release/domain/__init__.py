"""Values and decisions of a release: pure functions of data, without AWS, Pulumi, files or clocks."""
