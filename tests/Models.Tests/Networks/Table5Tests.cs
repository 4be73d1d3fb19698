using System.Globalization;
using NoProp.Models.Data;
using NoProp.Models.Networks;
using TorchSharp;
using Xunit;
using Xunit.Abstractions;

namespace NoProp.Models.Tests.Networks;

/// <summary>The layouts are right when they have as many weights as the paper counts.</summary>
public sealed class Table5Tests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("MNIST", "NoProp-DT", "one-hot", 0.92, 919_946)]
    [InlineData("MNIST", "NoProp-DT", "learned d=20", 0.92, 922_506)]
    [InlineData("MNIST", "NoProp-DT", "prototype", 1.40, 1_401_738)]
    [InlineData("MNIST", "NoProp-CT", "one-hot", 0.87, 867_722)]
    [InlineData("MNIST", "NoProp-CT", "learned d=20", 0.87, 870_282)]
    [InlineData("MNIST", "NoProp-CT", "prototype", 1.48, 1_482_122)]
    [InlineData("CIFAR-10", "NoProp-DT", "one-hot", 1.22, 1_215_434)]
    [InlineData("CIFAR-10", "NoProp-DT", "learned d=20", 1.22, 1_217_994)]
    [InlineData("CIFAR-10", "NoProp-DT", "prototype", 1.99, 1_992_714)]
    [InlineData("CIFAR-10", "NoProp-CT", "one-hot", 1.16, 1_163_210)]
    [InlineData("CIFAR-10", "NoProp-CT", "learned d=20", 1.17, 1_165_770)]
    [InlineData("CIFAR-10", "NoProp-CT", "prototype", 2.07, 2_073_098)]
    [InlineData("CIFAR-100", "NoProp-DT", "one-hot", 1.25, 1_250_084)]
    [InlineData("CIFAR-100", "NoProp-DT", "learned d=20", 1.23, 1_229_604)]
    [InlineData("CIFAR-100", "NoProp-DT", "prototype", 2.00, 2_004_324)]
    [InlineData("CIFAR-100", "NoProp-CT", "one-hot", 1.20, 1_197_860)]
    [InlineData("CIFAR-100", "NoProp-CT", "learned d=20", 1.18, 1_177_380)]
    [InlineData("CIFAR-100", "NoProp-CT", "prototype", 2.08, 2_084_708)]
    public void Table_5_a_network_has_as_many_weights_as_the_paper_prints(
        string data, string method, string embedding, double millions, long weights)
    {
        Table5Cell cell = Find(data, method, embedding);

        Assert.Equal(new Table5Cell(data, method, embedding, millions, weights), cell);
        Assert.Equal(millions, Math.Round(cell.Weights / 1e6, 2));
    }

    [Theory]
    [InlineData("one-hot", 2.45, 2_402_952)]
    [InlineData("prototype", 4.30, 4_245_960)]
    public void Table_5_a_network_for_Tiny_ImageNet_has_nearly_as_many_weights_as_the_paper_prints(
        string embedding, double millions, long weights)
    {
        Table5Cell cell = Find("Tiny ImageNet", "NoProp-DT", embedding);

        Assert.Equal((millions, weights), (cell.PaperMillions, cell.Weights));
        Assert.InRange(cell.Weights / 1e6 / millions, 0.97, 1.03);
    }

    [Fact]
    public void Table_5_has_a_cell_for_each_data_set_method_and_embedding()
    {
        Table5Cell[] cells = [.. Table5.Cells()];

        Print(cells);
        Assert.Equal(4 * 2 * 3, cells.DistinctBy(cell => (cell.Data, cell.Method, cell.Embedding)).Count());
        Assert.Equal(18 + 2, cells.Count(cell => cell.PaperMillions is not null));
    }

    [Theory]
    [InlineData(LabelPathway.Vector, 10)]
    [InlineData(LabelPathway.Image, 784)]
    public void Weights_counted_without_a_network_are_those_of_the_network(LabelPathway label, int embeddingSize)
    {
        using DisposeScope scope = TestData.OneThreadScope();
        ImageShape shape = TestData.Mnist;
        using Denoiser discrete = new(NetworkSettings.Compact, shape, 10, embeddingSize, TestData.Key(), label);
        using TimeConditionedDenoiser continuous = new(NetworkSettings.Compact, shape, 10, embeddingSize, TestData.Key(), label);

        Assert.Equal(
            (discrete.Parameters.Flat.numel(), continuous.Parameters.Flat.numel()),
            (Denoiser.CountWeights(NetworkSettings.Compact, shape, 10, embeddingSize, label),
                TimeConditionedDenoiser.CountWeights(NetworkSettings.Compact, shape, 10, embeddingSize, label)));
    }

    private static Table5Cell Find(string data, string method, string embedding) =>
        Table5.Cells().Single(cell => (cell.Data, cell.Method, cell.Embedding) == (data, method, embedding));

    private void Print(IEnumerable<Table5Cell> cells)
    {
        output.WriteLine("data          | method    | embedding    | paper | here  | weights");
        foreach (Table5Cell cell in cells)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{cell.Data,-13} | {cell.Method} | {cell.Embedding,-12} | {cell.PaperMillions,5:0.00} | {cell.Weights / 1e6,5:0.00} | {cell.Weights,9:N0}"));
        }
    }
}
