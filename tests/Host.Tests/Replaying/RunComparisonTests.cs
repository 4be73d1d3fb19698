using NoProp.Actors.Recording;
using NoProp.Host.Replaying;
using NoProp.Host.Tests.Processes;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Host.Tests.Replaying;

/// <summary>What two run folders can differ in besides numbers.</summary>
public sealed class RunComparisonTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Theory]
    [InlineData("one", "two")]
    [InlineData("two", "one")]
    public void A_block_that_one_run_alone_has_is_found_whichever_is_named_first(string first, string second)
    {
        Run("one", State("block-01", "weight"));
        Run("two", State("block-01", "weight"), State("block-02", "weight"));

        Assert.Equal("block-02 is in one of them alone", Weights(first, second).Finding);
    }

    [Theory]
    [InlineData("one", "two")]
    [InlineData("two", "one")]
    public void A_tensor_that_one_run_alone_has_is_found_whichever_is_named_first(string first, string second)
    {
        Run("one", State("block-01", "weight"));
        Run("two", State("block-01", "bias", "weight"));

        Assert.Equal("block-01 is of another network: bias is missing or of another size", Weights(first, second).Finding);
    }

    [Fact]
    public void Moments_of_the_optimiser_are_no_weights()
    {
        Run("one", State("block-01", "weight"));
        Run("two", State("block-01", "optimizer.moment", "weight"));

        Assert.True(Weights("one", "two").Same);
    }

    public void Dispose() => folder.Dispose();

    private static Snapshot State(string name, params string[] tensors) =>
        new(name, 1, Safetensors.Allocate([.. tensors.Select(tensor => (tensor, "F32", (long[])[1]))], new Dictionary<string, string>()).Bytes);

    private void Run(string name, params Snapshot[] states)
    {
        using RunFolder run = RunFolder.Create(folder[name], "noprop.blocks = 2\n");
        run.Checkpoints.Save(new Checkpoint(1, states, new Dictionary<string, string>()));
    }

    private Comparison Weights(string a, string b) =>
        RunComparison.Compare(folder[a], folder[b]).Single(comparison => comparison.Name == "weights after 1 block steps");
}
