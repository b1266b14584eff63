"""Every port in memory: the first subject of each contract suite, and the fakes of the tests."""
