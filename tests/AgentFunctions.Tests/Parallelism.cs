// Each fixture has hosts, folders and servers of its own. One that changes or watches the whole process is NonParallelizable.
[assembly: Parallelizable(ParallelScope.Fixtures)]
