using NoProp.Actors.Hosting;
using NoProp.Actors.Policies;
using NoProp.Models.Data;
using NoProp.Models.Methods;
using NoProp.Models.Native;
using NoProp.Models.Networks;
using Xunit;

namespace NoProp.Actors.Tests.Hosting;

public sealed class SettingsLoaderTests
{
    [Fact]
    public void Without_any_input_the_defaults_of_noprop_conf_hold()
    {
        NoPropSettings settings = SettingsLoader.Load().Settings;

        Assert.Equal(
            new NoPropSettings(
                new TrainingSettings(0, NetworkSettings.Compact),
                new("digits", null, 0),
                30,
                new PolicySettings(),
                null,
                new(TimeSpan.FromSeconds(60)),
                new(4, 64),
                new(3, TimeSpan.FromSeconds(60)),
                new(1, TimeSpan.FromSeconds(5), 3),
                new(10, true, 100),
                new(1, 500, 1, false),
                new(null))
            {
                Cluster = settings.Cluster,
                Devices = settings.Devices,
                Inference = new(TimeSpan.FromMilliseconds(2), 24, 1024),
                Serve = new(new("127.0.0.1", 5080), 4 << 20, 64, 4096, 64, TimeSpan.FromSeconds(1)),
            } with
            { Training = settings.Training },
            settings);
        Assert.Equal([ComputeDevice.Cpu], settings.Devices);
        Assert.Equal(new TrainingSettings(0, settings.Training.Network), settings.Training);
        Assert.Equivalent(NetworkSettings.Compact, settings.Training.Network, strict: true);
    }

    [Fact]
    public void A_file_wins_over_the_defaults() => Assert.Equal(3, Load("noprop { blocks = 3 }").Training.Blocks);

    [Fact]
    public void An_override_wins_over_the_file() => Assert.Equal(4, Load("noprop.blocks = 3", ["noprop.blocks=4"]).Training.Blocks);

    [Fact]
    public void A_flag_wins_over_an_override() =>
        Assert.Equal(5, Load("noprop.blocks = 3", ["noprop.blocks=4"], new SettingsFlag("noprop.blocks", "5", "--blocks")).Training.Blocks);

    [Fact]
    public void The_last_of_two_overrides_wins() => Assert.Equal(6, Load("", ["noprop.blocks=4", "noprop.blocks = 6"]).Training.Blocks);

    [Fact]
    public void The_paper_network_comes_with_the_papers_sizes() =>
        Assert.Equivalent(NetworkSettings.Paper, Load("noprop.network.kind = paper").Training.Network, strict: true);

    [Fact]
    public void A_size_of_the_network_replaces_the_usual_one()
    {
        NetworkSettings network = Load("noprop.network { channels = [8, 16], hidden = [32, 24] }").Training.Network;

        Assert.Equal([8, 16], network.Channels);
        Assert.Equal([32, 24], network.Hidden);
    }

    [Theory]
    [InlineData("noprop.network.channels=[8, 16]")]
    [InlineData("noprop.network.channels=8,16")]
    public void A_list_may_be_written_with_or_without_brackets_in_an_override(string given) =>
        Assert.Equal([8, 16], Load("", [given]).Training.Network.Channels);

    [Theory]
    [InlineData("none", Augmentation.None)]
    [InlineData("flip", Augmentation.Flip)]
    [InlineData("crop,flip", Augmentation.Flip | Augmentation.Crop)]
    [InlineData("[flip, crop]", Augmentation.Flip | Augmentation.Crop)]
    public void Augmentation_is_one_word_or_several(string given, Augmentation augmentation) =>
        Assert.Equal(augmentation, Load("", [$"noprop.data.augment={given}"]).Data.Augment);

    [Theory]
    [InlineData("32", 32, 32)]
    [InlineData("24x32", 24, 32)]
    public void An_image_size_is_a_side_or_height_and_width(string given, int height, int width) =>
        Assert.Equal(new ImageSize(height, width), Load($"noprop.data.image-size = {given}").Data.ImageSize);

    [Theory]
    [InlineData("folder:pictures")]
    [InlineData("folder:/data/my pictures (2)")]
    public void A_folder_of_images_is_a_data_set(string name) => Assert.Equal(name, Load("", [$"noprop.data.name={name}"]).Data.Name);

    [Theory]
    [InlineData("noprop.policy.blocks=bounded:4", "bounded:4")]
    [InlineData("noprop.policy.blocks=\"bounded:4\"", "bounded:4")]
    public void A_policy_needs_no_quotes_in_an_override(string given, string policy) => Assert.Equal(policy, Load("", [given]).Policies.Blocks);

    [Theory]
    [InlineData("noprop.data.dir=/data/a#b ${c}", "/data/a#b ${c}")]
    [InlineData("noprop.data.dir=\"C:\\\\data\"", "C:\\data")]
    [InlineData("noprop.data.dir=C:\\data", "C:\\data")]
    [InlineData("noprop.data.dir=", null)]
    public void An_override_is_taken_as_it_stands_unless_it_is_in_quotes(string given, string? folder) =>
        Assert.Equal(folder, Load("", [given]).Data.Directory);

    [Fact]
    public void A_flags_value_is_taken_character_by_character() =>
        Assert.Equal("\"x\"", Load("", [], new SettingsFlag("noprop.run.out", "\"x\"", "--out")).Run.Out);

    [Theory]
    [InlineData("1500ms", 1500)]
    [InlineData("30s", 30_000)]
    [InlineData("30 s", 30_000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    public void A_duration_is_a_number_with_a_unit(string text, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Load($"noprop.lease.timeout = {text}").Lease.Timeout);

    [Theory]
    [InlineData("auto")]
    [InlineData("0")]
    public void Slots_without_a_number_are_the_cores(string slots) =>
        Assert.Equal(Environment.ProcessorCount, Load($"noprop.slots = {slots}").SlotCount);

    [Fact]
    public void The_largest_seed_is_read_exactly() =>
        Assert.Equal(ulong.MaxValue, Load("noprop.seed = 18446744073709551615").Training.Seed);

    [Fact]
    public void A_quoted_text_keeps_its_white_space_before_a_comment() =>
        Assert.Equal(" a b ", Load("noprop.data.dir = \" a b \"  # the folder\n").Data.Directory);

    [Fact]
    public void A_folder_may_be_called_null() => Assert.Equal("null", Load("noprop.data.dir = \"null\"").Data.Directory);

    [Fact]
    public void A_file_may_start_with_a_byte_order_mark_and_have_carriage_returns() =>
        Assert.Equal(7, Load("\uFEFFnoprop {\r\n  blocks = 7\r\n}\r\n").Training.Blocks);

    [Fact]
    public void Keys_of_Akka_pass_unchecked() =>
        Assert.Equal(
            "DEBUG",
            SettingsLoader.Load(new("my.conf", "akka { loglevel = DEBUG, anything = 1 }")).Config.GetString("akka.loglevel"));

    [Theory]
    [InlineData("akka.loglevel=INFO", "akka.loglevel", "INFO")]
    [InlineData("akka.remote.name=a:b=c", "akka.remote.name", "a:b=c")]
    [InlineData("akka.actor.deployment.\"/x\".router=pool", "akka.actor.deployment.\"/x\".router", "pool")]
    [InlineData("noprop.dispatchers.compute.throughput=7", "noprop.dispatchers.compute.throughput", "7")]
    public void An_override_for_Akka_wins_over_file_and_local_conf(string given, string path, string value) =>
        Assert.Equal(value, SettingsLoader.Load(new("my.conf", "akka.loglevel = DEBUG"), [given]).Config.GetString(path));

    [Fact]
    public void An_override_for_Akka_may_be_a_list() =>
        Assert.Equal(["a", "b"], SettingsLoader.Load(null, ["akka.seeds=[a, b]"]).Config.GetStringList("akka.seeds"));

    [Fact]
    public void The_merged_configuration_has_the_effective_settings() =>
        Assert.Equal(
            TimeSpan.FromSeconds(90),
            SettingsLoader.Load(new("my.conf", "noprop.lease.timeout = 1s"), ["noprop.lease.timeout=90s"])
                .Config.GetTimeSpan("noprop.lease.timeout"));

    [Fact]
    public void The_policy_is_shown_to_whoever_knows_policies()
    {
        SettingsException error = Assert.Throws<SettingsException>(
            () => SettingsLoader.Load(null, ["noprop.policy.blocks=asnyc"], null, policies => policies.Blocks == "asnyc" ? "no policy 'asnyc'" : null));

        Assert.Equal("noprop.policy.blocks = asnyc (--set): no policy 'asnyc'", error.Message);
    }

    private static NoPropSettings Load(string file, string[]? overrides = null, params SettingsFlag[] flags) =>
        SettingsLoader.Load(new("my.conf", file), overrides, flags).Settings;
}
