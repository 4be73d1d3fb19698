using NoProp.Models.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace NoProp.Models.Tests.Networks;

public sealed class TimeEmbeddingTests : IDisposable
{
    private readonly DisposeScope scope = TestData.OneThreadScope();
    private readonly TimeEmbedding embedding = new();

    public void Dispose()
    {
        embedding.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void A_time_becomes_the_sines_and_the_cosines_of_its_multiples()
    {
        float[] times = [0, 0.001f, 0.37f, 1];

        double[][] rows = embedding.Forward(tensor(times)).Rows();

        // An angle of up to 1000 in float32 is off by up to 3e-5.
        Assert.All(from row in Enumerable.Range(0, 4) from i in Enumerable.Range(0, 32) select (row, i), at =>
        {
            double angle = (double)times[at.row] * TimeEmbedding.Frequency(at.i);
            Assert.Equal(Math.Sin(angle), rows[at.row][at.i], 1e-4);
            Assert.Equal(Math.Cos(angle), rows[at.row][at.i + 32], 1e-4);
        });
    }

    [Fact]
    public void The_frequencies_are_a_Transformers_at_positions_of_one_thousandth()
    {
        Assert.Equal(1000, TimeEmbedding.Frequency(0));
        Assert.All(Enumerable.Range(1, 31), i =>
            Assert.Equal(Math.Pow(10_000, -1.0 / 32), TimeEmbedding.Frequency(i) / (double)TimeEmbedding.Frequency(i - 1), 1e-6));
    }

    [Fact]
    public void Times_one_step_apart_have_embeddings_far_apart()
    {
        double[][] rows = embedding.Forward(tensor([.. Enumerable.Range(0, 1001).Select(i => i / 1000f)])).Rows();

        Assert.All(rows.Zip(rows.Skip(1)), pair => Assert.True(pair.First.Zip(pair.Second).Sum(x => Math.Pow(x.First - x.Second, 2)) > 0.5));
    }
}
