using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Actors.Tests.Hosting;

/// <summary>Devices, and the slots on them.</summary>
public sealed class DeviceSettingsTests
{
    [Fact]
    public void The_CPU_alone_has_a_slot_for_each_core() => Has("cpu", Environment.ProcessorCount);

    [Theory]
    [InlineData("cpu", 4, "noprop.slots=4")]
    [InlineData("cpu", 3, "noprop.slots-per-device=3")]
    [InlineData("cuda:0", 1, "noprop.devices=cuda")]
    [InlineData("cuda:0, cuda:1", 2, "noprop.devices=cuda:0,cuda:1")]
    [InlineData("cuda:1, cuda:0", 4, "noprop.devices=[\"cuda:1\", \"cuda:0\"]", "noprop.slots-per-device=2")]
    [InlineData("cuda:0, cuda:1", 6, "noprop.devices=cuda:0,cuda:1", "noprop.slots=6")]
    [InlineData("cuda:0, cuda:1", 6, "noprop.devices=cuda:0,cuda:1", "noprop.slots=6", "noprop.slots-per-device=3")]
    [InlineData("cpu, cuda:0", 2, "noprop.devices=cpu,cuda:0")]
    [InlineData("cpu, cpu:1", 2, "noprop.devices=cpu:0,cpu:1")]
    public void There_are_as_many_slots_as_all_devices_have(string devices, int slots, params string[] given) => Has(devices, slots, given);

    [Theory]
    [InlineData("noprop.slots = 3 (--set): must be a multiple of 2 devices: leave it out, or change noprop.devices", "noprop.devices=cuda:0,cuda:1", "noprop.slots=3")]
    [InlineData(
        "noprop.slots = 3 (--set): must be 4, 2 for each of 2 devices: leave it out, or change noprop.slots-per-device",
        "noprop.devices=cuda:0,cuda:1", "noprop.slots=3", "noprop.slots-per-device=2")]
    [InlineData("noprop.slots = 3 (--set): must be 2, 2 for each of 1 devices: leave it out, or change noprop.slots-per-device", "noprop.slots=3", "noprop.slots-per-device=2")]
    public void Slots_that_do_not_fit_the_devices_are_refused(string message, params string[] given) =>
        Assert.Equal(message, Assert.Throws<SettingsException>(() => SettingsLoader.Load(null, given)).Message);

    [Theory]
    [InlineData("gpu")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("cuda:0,cuda")]
    [InlineData("cpu,cpu:0")]
    [InlineData("cuda:0,,cuda:1")]
    [InlineData("auto")]
    public void Anything_but_names_of_devices_each_once_is_refused(string devices) =>
        Assert.StartsWith("noprop.devices = ", Assert.Throws<SettingsException>(() => SettingsLoader.Load(null, [$"noprop.devices={devices}"])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("cpu", 3, "--devices", "cpu")]
    [InlineData("cuda:0, cuda:1", 2, "--slots-per-device", "1")]
    [InlineData("cuda:0, cuda:1", 6, "--slots", "6")]
    public void What_the_command_line_says_of_this_machine_goes_before_what_a_run_of_another_one_says(string devices, int slots, string flag, string value)
    {
        SettingsFile other = new("run.conf", "noprop { devices = [\"cuda:0\", \"cuda:1\"], slots = 4, slots-per-device = 2 }");
        SettingsFile run = flag == "--devices" ? new("run.conf", "noprop { devices = [\"cuda:0\", \"cuda:1\"], slots-per-device = 3, slots = 6 }") : other;

        NoPropSettings settings = SettingsLoader.Load(run, flags: [new($"noprop.{flag[2..]}", value, flag)]).Settings;

        Assert.Equal((devices, slots), (settings.DeviceSlots.ToString(), settings.SlotCount));
    }

    [Fact]
    public void A_run_goes_on_with_other_devices() => Assert.Empty(SettingsHocon.DifferencesThatMatter(
        SettingsLoader.Load(null, ["noprop.devices=cuda:0,cuda:1", "noprop.slots-per-device=2"]).Settings, SettingsLoader.Load().Settings));

    [Theory]
    [InlineData("", "noprop.slots=4")]
    [InlineData("", "noprop.devices=cuda:0,cuda:1")]
    [InlineData("cuda:0, cuda:1", "noprop.devices=cuda:0,cuda:1", "noprop.slots-per-device=2")]
    [InlineData("cuda:0", "noprop.devices=cuda:0,cpu", "noprop.slots-per-device=2")]
    [InlineData("", "noprop.devices=cuda:0,cuda:1", "noprop.slots-per-device=2", "noprop.stack=off")]
    [InlineData("cuda:0, cpu", "noprop.devices=cuda:0,cpu", "noprop.stack=on")]
    public void Blocks_are_trained_together_on_GPUs_of_several_slots_or_as_is_said(string devices, params string[] given) =>
        Assert.Equal(devices, string.Join(", ", SettingsLoader.Load(null, given).Settings.StackedDevices));

    [Theory]
    [InlineData("noprop.method is dt", "noprop.method=fm")]
    [InlineData("noprop.embedding.kind is one-hot", "noprop.embedding.kind=learned")]
    [InlineData("noprop.replicas is 1", "noprop.replicas=2")]
    public void Blocks_that_cannot_be_trained_together_are_refused_where_that_is_asked_for(string where, string given)
    {
        Assert.Equal(
            $"noprop.stack = on (--set): must be auto or off, because blocks are trained together where {where} alone",
            Assert.Throws<SettingsException>(() => SettingsLoader.Load(null, [given, "noprop.stack=on"])).Message);
        Assert.Null(SettingsLoader.Load(null, [given, "noprop.stack=auto"]).Settings.Stack);
    }

    private static void Has(string devices, int slots, params string[] given)
    {
        NoPropSettings settings = SettingsLoader.Load(null, given).Settings;

        Assert.Equal((devices, slots), (settings.DeviceSlots.ToString(), settings.SlotCount));
        Assert.Equal(slots, settings.DeviceSlots.Count);
    }
}
