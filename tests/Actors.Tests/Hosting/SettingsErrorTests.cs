using CsCheck;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Actors.Tests.Hosting;

public sealed class SettingsErrorTests
{
    private const string NeedsQuotes = "; a value with : or = in it needs double quotes";
    private const string Numbers = "must be auto or 1 to 8 whole numbers from 1 to 65536, as in [32, 64]";

    [Theory]
    [InlineData("noprop.polcy=async", "unknown setting 'noprop.polcy' (--set): did you mean 'noprop.policy'?")]
    [InlineData("blocks=5", "unknown setting 'blocks' (--set): did you mean 'noprop.blocks'?")]
    [InlineData("blcks=5", "unknown setting 'blcks' (--set): did you mean 'noprop.blocks'?")]
    [InlineData("network.kind=paper", "unknown setting 'network.kind' (--set): did you mean 'noprop.network.kind'?")]
    [InlineData("noprop.learning-rate=1", "unknown setting 'noprop.learning-rate' (--set): did you mean 'noprop.optimizer.learning-rate'?")]
    [InlineData(
        "noprop.optimizer.learningrate=1",
        "unknown setting 'noprop.optimizer.learningrate' (--set): did you mean 'noprop.optimizer.learning-rate'?")]
    [InlineData("Noprop.Seed=1", "unknown setting 'Noprop.Seed' (--set): did you mean 'noprop.seed'?")]
    [InlineData("aka=1", "unknown setting 'aka' (--set): did you mean 'akka'?")]
    [InlineData("noprop.something-else=1", "unknown setting 'noprop.something-else' (--set)")]
    public void An_unknown_key_names_the_nearest_right_one(string given, string message) => Assert.Equal(message, Override(given));

    [Theory]
    [InlineData("noprop.batchs = 5", "unknown setting 'noprop.batchs' (my.conf): did you mean 'noprop.batch'?")]
    [InlineData("noprop { network { widths = [1] } }", "unknown setting 'noprop.network.widths' (my.conf)")]
    [InlineData("noprop { blocks 5 }", "unknown setting 'noprop.blocks 5' (my.conf): did you mean 'noprop.blocks'?")]
    [InlineData("blocks = 5", "unknown setting 'blocks' (my.conf): did you mean 'noprop.blocks'?")]
    [InlineData("first\nsecond = 1", "unknown setting 'first second' (my.conf)")]
    public void An_unknown_key_in_a_file_names_the_file(string file, string message) => Assert.Equal(message, File(file));

    [Fact]
    public void An_unknown_key_of_a_flag_names_the_flag()
    {
        SettingsException error = Assert.Throws<SettingsException>(
            () => SettingsLoader.Load(flags: [new("noprop.block", "5", "--blocks")]));

        Assert.Equal("unknown setting 'noprop.block' (--blocks): did you mean 'noprop.blocks'?", error.Message);
    }

    [Fact]
    public void A_group_of_settings_takes_no_value() =>
        Assert.Equal(
            "'noprop.network' (my.conf) is a group of settings, not one: set noprop.network.kind, noprop.network.channels, "
            + "noprop.network.image-features ...",
            File("noprop.network = paper"));

    [Fact]
    public void A_bad_value_of_a_flag_names_key_value_flag_and_what_is_allowed()
    {
        SettingsException error = Assert.Throws<SettingsException>(
            () => SettingsLoader.Load(flags: [new("noprop.blocks", "0", "--blocks")]));

        Assert.Equal("noprop.blocks = 0 (--blocks): must be auto or a whole number from 1 to 1000", error.Message);
    }

    [Theory]
    [InlineData("noprop.blocks", "0")]
    [InlineData("noprop.blocks", "1001")]
    [InlineData("noprop.blocks", "2.5")]
    [InlineData("noprop.blocks", "1e1")]
    [InlineData("noprop.blocks", "ten")]
    [InlineData("noprop.blocks", "")]
    [InlineData("noprop.blocks", "99999999999999999999")]
    [InlineData("noprop.batch", "-1")]
    [InlineData("noprop.batch", "1 000")]
    [InlineData("noprop.batch", "1,000")]
    [InlineData("noprop.seed", "-1")]
    [InlineData("noprop.seed", "18446744073709551616")]
    [InlineData("noprop.objective.eta", "NaN")]
    [InlineData("noprop.objective.eta", "Infinity")]
    [InlineData("noprop.objective.eta", "-Infinity")]
    [InlineData("noprop.objective.eta", "1e999")]
    [InlineData("noprop.objective.eta", "0,1")]
    [InlineData("noprop.objective.eta", "0x1")]
    [InlineData("noprop.optimizer.learning-rate", "0")]
    [InlineData("noprop.optimizer.learning-rate", "-0.1")]
    [InlineData("noprop.optimizer.weight-decay", "-0.1")]
    [InlineData("noprop.schedule.abar-min", "0")]
    [InlineData("noprop.schedule.abar-max", "1")]
    [InlineData("noprop.network.dropout", "1")]
    [InlineData("noprop.network.kind", "big")]
    [InlineData("noprop.network.hidden", "[]")]
    [InlineData("noprop.network.hidden", "[32,,64]")]
    [InlineData("noprop.network.hidden", "[32, 0]")]
    [InlineData("noprop.network.hidden", "[32, x]")]
    [InlineData("noprop.network.channels", "[32]")]
    [InlineData("noprop.network.channels", "[32, 64")]
    [InlineData("noprop.data.name", "")]
    [InlineData("noprop.data.name", "a b")]
    [InlineData("noprop.data.name", "folder:")]
    [InlineData("noprop.data.name", "folder:a\nb")]
    [InlineData("noprop.data.image-size", "0")]
    [InlineData("noprop.data.image-size", "4097")]
    [InlineData("noprop.data.image-size", "32x")]
    [InlineData("noprop.data.image-size", "32x32x3")]
    [InlineData("noprop.data.image-size", "-8")]
    [InlineData("noprop.data.augment", "")]
    [InlineData("noprop.data.augment", "rotate")]
    [InlineData("noprop.data.augment", "flip,rotate")]
    [InlineData("noprop.data.augment", "flip,none")]
    [InlineData("noprop.data.augment", "3")]
    [InlineData("noprop.policy.blocks", "")]
    [InlineData("noprop.policy.blocks", "bounded:")]
    [InlineData("noprop.policy.blocks", ":8")]
    [InlineData("noprop.policy.blocks", "bounded: 8")]
    [InlineData("noprop.lease.timeout", "60")]
    [InlineData("noprop.lease.timeout", "-60s")]
    [InlineData("noprop.lease.timeout", "60 parsecs")]
    [InlineData("noprop.lease.timeout", "infinite")]
    [InlineData("noprop.lease.timeout", "2d")]
    [InlineData("noprop.lease.timeout", "99999999999999999999d")]
    [InlineData("noprop.metrics.tensorboard", "maybe")]
    [InlineData("noprop.slots", "-1")]
    [InlineData("noprop.run.out", "a\nb")]
    public void A_value_that_is_not_allowed_is_refused(string path, string value)
    {
        string message = Override($"{path}={value}");

        Assert.StartsWith($"{path} = ", message, StringComparison.Ordinal);
        Assert.Contains(" (--set): must be ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("noprop.blocks = [5]", "noprop.blocks = [5] (my.conf): must be auto or a whole number from 1 to 1000")]
    [InlineData("noprop.blocks { x = 1 }", "noprop.blocks = (no value) (my.conf): must be auto or a whole number from 1 to 1000")]
    [InlineData("noprop { blocks }", "noprop.blocks = (no value) (my.conf): must be auto or a whole number from 1 to 1000")]
    [InlineData("noprop.blocks = 5 ;", "noprop.blocks = 5 ; (my.conf): must be auto or a whole number from 1 to 1000")]
    [InlineData("noprop.network.hidden = [1,,2]", "noprop.network.hidden = [1, , 2] (my.conf): " + Numbers)]
    [InlineData("noprop.network.hidden = [[1]]", "noprop.network.hidden = [] (my.conf): " + Numbers)]
    public void A_value_of_the_wrong_shape_is_refused(string file, string message) => Assert.Equal(message, File(file));

    [Theory]
    [InlineData(
        "noprop.schedule { abar-min = 0.6, abar-max = 0.5 }",
        "noprop.schedule.abar-min = 0.6 (my.conf): must be below noprop.schedule.abar-max = 0.5")]
    [InlineData(
        "noprop.schedule.abar-max = 0.00005",
        "noprop.schedule.abar-max = 0.00005 (my.conf): must be above noprop.schedule.abar-min = 0.0001")]
    [InlineData(
        "noprop.network.channels = [1, 2, 3]",
        "noprop.network.channels = [1, 2, 3] (my.conf): must be auto or 2 numbers, because the compact network has 2 convolutions")]
    [InlineData(
        "noprop.network { kind = paper, channels = [1, 2] }",
        "noprop.network.channels = [1, 2] (my.conf): must be auto or 3 numbers, because the paper network has 3 convolutions")]
    [InlineData(
        "noprop.network.dropout = 0.1",
        "noprop.network.dropout = 0.1 (my.conf): must be auto or 0, because the compact network has no dropout")]
    [InlineData(
        "noprop { batch = 1, network.kind = paper }",
        "noprop.batch = 1 (my.conf): must be at least 2, because the paper network normalises over the batch")]
    public void Values_that_do_not_fit_together_are_refused(string file, string message) => Assert.Equal(message, File(file));

    [Fact]
    public void A_bad_value_is_refused_even_where_a_later_one_replaces_it()
    {
        SettingsException error = Assert.Throws<SettingsException>(
            () => SettingsLoader.Load(new("my.conf", "noprop.blocks = 0"), ["noprop.blocks=5"]));

        Assert.StartsWith("noprop.blocks = 0 (my.conf)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("noprop {\n  blocks = 5\n", "my.conf, line 1: '{' is never closed")]
    [InlineData("noprop {\n  blocks = 5\n}\n}\nakka.loglevel = DEBUG", "my.conf, line 4: '}' closes nothing")]
    [InlineData("noprop.network.hidden = [1, 2\n", "my.conf, line 1: '[' is never closed")]
    [InlineData("# fine\nnoprop.data.dir = \"a\nnoprop.blocks = 1", "my.conf, line 2: the text in double quotes is not closed")]
    [InlineData("# fine\nnoprop.data.dir = \"\"\"a\nnoprop.blocks = 1", "my.conf, line 2: the text in triple quotes is never closed")]
    [InlineData(
        "\n\nnoprop.data.dir = ${noprop.data.dir}",
        "my.conf, line 3: substitutions such as ${name} are not supported; write the value, or put it in double quotes")]
    [InlineData("noprop {\n  policy = bounded:8\n}", "my.conf, line 2: cannot read 'policy = bounded:8'" + NeedsQuotes)]
    [InlineData("noprop {\n  data.dir = a?\n  epochs = 4\n}", "my.conf, line 2: '?' must stand in double quotes")]
    [InlineData("# fine\nakka.seeds = [\n  a:1\n]", "my.conf, line 3: ':' must stand in double quotes")]
    [InlineData("include \"other.conf\"", "my.conf, line 1: cannot read 'include \"other.conf\"'" + NeedsQuotes)]
    public void Text_that_is_not_HOCON_names_file_and_line(string file, string message) => Assert.Equal(message, File(file));

    [Theory]
    [InlineData("x")]
    [InlineData("=5")]
    [InlineData("")]
    public void An_override_without_path_or_equals_sign_is_refused(string given) =>
        Assert.Equal($"--set {given}: must be path=value, as in --set noprop.blocks=5", Override(given));

    [Theory]
    [InlineData("akka.a#b=1")]
    [InlineData("akka.{=1")]
    public void A_path_that_Akka_cannot_have_is_refused(string given) =>
        Assert.EndsWith("(--set): is not a path that Akka's configuration can have", Override(given), StringComparison.Ordinal);

    [Fact]
    public void Any_text_is_either_read_or_refused_with_one_line() =>
        Gen.String[Gen.Char["ab1 \n\"{}[]=:,.#/$\\+;"], 0, 30].Sample(
            text => IsReadOrRefused(() => SettingsLoader.Load(new("my.conf", "noprop.blocks = 5\n" + text)))
                && IsReadOrRefused(() => SettingsLoader.Load(null, ["akka." + text.Replace('\n', ' '), "noprop.run.out=" + text])),
            iter: 500);

    private static bool IsReadOrRefused(Action load)
    {
        try
        {
            load();
            return true;
        }
        catch (SettingsException error)
        {
            return !error.Message.Contains('\n', StringComparison.Ordinal);
        }
    }

    private static string File(string text) => Assert.Throws<SettingsException>(() => SettingsLoader.Load(new("my.conf", text))).Message;

    private static string Override(string given) => Assert.Throws<SettingsException>(() => SettingsLoader.Load(null, [given])).Message;
}
