// Fabrics of real switches share the machine's processors: side by side they would measure one another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
