using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>Memory of a state is used again when nobody reads it any more, and never before.</summary>
public class SpareStatesTests
{
    private static readonly BlockId Block = new(2);

    private readonly SpareStates states = new();
    private readonly Snapshot state = FakeMethod.State(Block, 1);

    [Fact]
    public void A_state_that_is_replaced_is_spare_once()
    {
        states.Replace(state);

        Assert.Same(state, states.Take(Block));
        Assert.Null(states.Take(Block));
    }

    [Fact]
    public void A_state_is_spare_for_its_own_block()
    {
        states.Replace(state);

        Assert.Null(states.Take(new BlockId(1)));
    }

    [Fact]
    public void A_state_that_was_lent_is_spare_when_it_is_back_and_replaced()
    {
        states.Lend([state]);
        states.Replace(state);
        Assert.Null(states.Take(Block));

        states.Return(state);

        Assert.Same(state, states.Take(Block));
    }

    [Fact]
    public void A_state_that_is_back_before_it_is_replaced_is_spare_then()
    {
        states.Lend([state]);
        states.Return(state);
        Assert.Null(states.Take(Block));

        states.Replace(state);

        Assert.Same(state, states.Take(Block));
    }

    [Fact]
    public void A_state_that_somebody_keeps_is_never_spare()
    {
        states.Lend([state]);
        states.Keep([state]);
        states.Replace(state);
        states.Return(state);

        Assert.Null(states.Take(Block));
    }
}
