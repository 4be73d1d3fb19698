using Xunit;

namespace NoProp.Models.Tests;

/// <summary>Tests of what a process has only once. Nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessWideCollection
{
    public const string Name = "process-wide";
}
