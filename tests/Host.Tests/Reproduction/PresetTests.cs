using NoProp.Actors.Hosting;
using NoProp.Host.Commands;
using NoProp.Host.Reproduction.Paper;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Reproduction;

/// <summary>The settings files that come with the command.</summary>
public sealed class PresetTests : IDisposable
{
    private readonly TempFolder folder = new();

    public static TheoryData<string> Names => [.. from data in Hyperparameters.Data from method in PaperMethods.All select $"{data}-{method}"];

    [Fact]
    public void There_is_one_for_every_data_set_and_method() =>
        Assert.Equal(
            Names.Cast<object[]>().Select(name => (string)name[0]).Order(StringComparer.Ordinal),
            Directory.GetFiles(Presets.Folder).Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void Holds_settings_that_can_be_loaded(string name)
    {
        NoPropSettings settings = SettingsLoader.Load(SettingsOptions.Read(Presets.Find(name)!)).Settings;

        string[] words = name.Split('-');
        Assert.Equal((words[0], Hyperparameters.Of(words[0], words[1]).Epochs), (settings.Data.Name, settings.Epochs));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Holds_what_a_row_of_the_tables_is_trained_with(string name)
    {
        string[] words = name.Split('-');
        string[] lines = File.ReadAllLines(Presets.Find(name)!);

        Assert.All(Hyperparameters.Of(words[0], words[1]).Settings(words[1]), setting => Assert.Contains(setting.Replace("=", " = ", StringComparison.Ordinal), lines));
    }

    [Theory]
    [InlineData("mnist-dt")]
    [InlineData("mnist-dt.conf")]
    public void Is_found_by_its_name(string name) => Assert.True(File.Exists(Presets.Find(name)));

    [Theory]
    [InlineData("mnist-xx")]
    [InlineData("here/mnist-dt.conf")]
    public void Another_name_is_none(string name) => Assert.Null(Presets.Find(name));

    [Fact]
    public void A_file_of_the_users_comes_first() => Assert.Null(Presets.Find(folder.Write("mnist-dt.conf", [])));

    public void Dispose() => folder.Dispose();
}
