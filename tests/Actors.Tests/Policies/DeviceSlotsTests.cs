using System.Collections.Immutable;
using CsCheck;
using NoProp.Actors.Policies;
using NoProp.Models.Native;
using TorchSharp;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

public sealed class DeviceSlotsTests
{
    private static readonly ImmutableArray<ComputeDevice> Gpus = [.. Enumerable.Range(0, 3).Select(i => new ComputeDevice(DeviceType.CUDA, i))];

    private readonly DeviceSlots slots = new(Gpus, 2);

    [Fact]
    public void There_are_as_many_slots_as_on_all_devices_together() => Assert.Equal(6, slots.Count);

    [Fact]
    public void The_devices_are_listed_by_name() => Assert.Equal("cuda:0, cuda:1, cuda:2", slots.ToString());

    [Fact]
    public void A_block_stays_where_it_was_while_a_slot_is_free_there() =>
        Assert.Equal(Gpus[1], slots.Choose([Gpus[1]], before: Gpus[1]));

    [Fact]
    public void A_block_leaves_a_device_without_a_free_slot_for_the_one_with_the_most() =>
        Assert.Equal(Gpus[2], slots.Choose([Gpus[1], Gpus[0], Gpus[1]], before: Gpus[1]));

    [Fact]
    public void A_new_block_goes_to_the_first_of_the_devices_with_the_most_free_slots() =>
        Assert.Equal(Gpus[1], slots.Choose([Gpus[0]], before: null));

    [Fact]
    public void A_block_that_was_on_a_device_of_another_list_is_treated_as_new() =>
        Assert.Equal(Gpus[0], slots.Choose([], before: ComputeDevice.Cpu));

    [Fact]
    public void However_blocks_come_and_go_no_device_has_more_than_its_slots_and_none_moves_without_need() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[0, 11].Array[0, 60]).Sample((devices, perDevice, touched) =>
        {
            DeviceSlots of = new([.. Enumerable.Range(0, devices).Select(i => new ComputeDevice(DeviceType.CPU, i))], perDevice);
            Dictionary<int, ComputeDevice> busy = [];
            Dictionary<int, ComputeDevice> places = [];
            foreach (int block in touched)
            {
                // A block that is trained is done; any other one begins where there is a slot.
                if (busy.Remove(block) || busy.Count == of.Count)
                {
                    continue;
                }

                ComputeDevice? before = places.TryGetValue(block, out ComputeDevice place) ? place : null;
                ComputeDevice chosen = of.Choose(busy.Values, before);
                Assert.True(busy.Values.Count(device => device == chosen) < perDevice);
                Assert.True(before is null || chosen == before || busy.Values.Count(device => device == before) == perDevice);
                busy[block] = places[block] = chosen;
            }
        });
}
