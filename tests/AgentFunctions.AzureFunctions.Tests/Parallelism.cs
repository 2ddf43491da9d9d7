// Each test has a storage account and a task host of its own.
[assembly: Parallelizable(ParallelScope.Fixtures)]
