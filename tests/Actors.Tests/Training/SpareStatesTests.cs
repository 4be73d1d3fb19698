using NoProp.Actors.Training;
using NoProp.Models;
using NoProp.Models.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Training;

/// <summary>Memory of a state is used again when nobody reads it any more, and never before.</summary>
public class SpareStatesTests
{
    private readonly SpareStates states = new();
    private readonly Snapshot state = FakeMethod.State(new BlockId(2), 1);

    [Fact]
    public void A_state_that_is_replaced_is_spare_once()
    {
        states.Replace(state);

        Assert.Same(state, states.Take());
        Assert.Null(states.Take());
    }

    [Fact]
    public void The_state_that_was_replaced_last_comes_first()
    {
        Snapshot later = FakeMethod.State(new BlockId(1), 1);
        states.Replace(state);
        states.Replace(later);

        Assert.Same(later, states.Take());
    }

    [Fact]
    public void A_state_that_was_lent_is_spare_when_it_is_back_and_replaced()
    {
        states.Lend([state]);
        states.Replace(state);
        Assert.Null(states.Take());

        states.Return(state);

        Assert.Same(state, states.Take());
    }

    [Fact]
    public void A_state_that_is_back_before_it_is_replaced_is_spare_then()
    {
        states.Lend([state]);
        states.Return(state);
        Assert.Null(states.Take());

        states.Replace(state);

        Assert.Same(state, states.Take());
    }

    [Fact]
    public void A_state_that_somebody_keeps_is_never_spare()
    {
        states.Lend([state]);
        states.Keep([state]);
        states.Replace(state);
        states.Return(state);

        Assert.Null(states.Take());
    }
}
