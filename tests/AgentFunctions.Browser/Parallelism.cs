// Each fixture has a server of its own, and each worker a browser. One that measures frames is NonParallelizable.
[assembly: Parallelizable(ParallelScope.Fixtures)]
