using Xunit;

// Most tests here are about processes that use every core: side by side they would only starve each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
