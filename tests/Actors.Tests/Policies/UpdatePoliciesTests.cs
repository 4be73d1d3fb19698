using NoProp.Actors.Policies;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

public sealed class UpdatePoliciesTests
{
    [Theory]
    [InlineData("bounded", "bounded:8")]
    [InlineData("bounded:3", "bounded:3")]
    [InlineData("bounded:1000000", "bounded:1000000")]
    [InlineData("lockstep", "lockstep")]
    [InlineData("async", "async")]
    [InlineData("sampled", "sampled")]
    [InlineData("sampled:uniform", "sampled")]
    [InlineData("sampled:snr", "sampled:snr")]
    [InlineData("sampled:progress", "sampled:progress")]
    [InlineData("algorithm1", "algorithm1")]
    public void A_policys_text_gives_the_policy_of_that_name(string text, string name) =>
        Assert.Equal(name, UpdatePolicies.Parse(text).Name);

    [Fact]
    public void Every_name_in_the_list_is_a_policy() =>
        Assert.All(UpdatePolicies.Names, name => Assert.StartsWith(name, UpdatePolicies.Parse(name).Name, StringComparison.Ordinal));

    [Theory]
    [InlineData("bounded:0")]
    [InlineData("bounded:-1")]
    [InlineData("bounded:1000001")]
    [InlineData("bounded:99999999999999999999")]
    [InlineData("bounded:1.5")]
    [InlineData("bounded:")]
    [InlineData("bounded: 8")]
    [InlineData("bounded:8:8")]
    public void A_lead_that_is_no_number_of_steps_is_refused_with_an_example(string text) => Assert.Equal(
        $"policy '{text}': the lead bound must be a whole number of steps from 1 to 1000000, as in bounded:8", Error(text));

    [Theory]
    [InlineData("async:3", "async", "3")]
    [InlineData("lockstep:", "lockstep", "")]
    [InlineData("algorithm1:2", "algorithm1", "2")]
    public void An_argument_that_a_policy_does_not_take_is_refused(string text, string policy, string argument) =>
        Assert.Equal($"policy '{policy}' takes no argument, but '{text}' gives it '{argument}'", Error(text));

    [Theory]
    [InlineData("sampled:x")]
    [InlineData("sampled:")]
    [InlineData("sampled:Snr")]
    public void A_choice_of_sampled_that_is_not_known_is_refused_with_the_known_ones(string text) =>
        Assert.Equal($"policy '{text}': the choice must be uniform, snr or progress, as in sampled:snr", Error(text));

    [Theory]
    [InlineData("bouned:8", "bounded")]
    [InlineData("lock-step", "lockstep")]
    [InlineData("asynch", "async")]
    [InlineData("algorithm2", "algorithm1")]
    public void A_name_that_is_nearly_right_is_answered_with_the_right_one(string text, string meant) => Assert.Equal(
        $"unknown policy '{text}': did you mean '{meant}'?; the policies are bounded, lockstep, async, sampled, sampled:snr, sampled:progress, algorithm1", Error(text));

    [Theory]
    [InlineData("")]
    [InlineData("zzzzzz")]
    public void A_name_like_no_other_is_answered_with_the_list(string text) =>
        Assert.Equal($"unknown policy '{text}'; the policies are bounded, lockstep, async, sampled, sampled:snr, sampled:progress, algorithm1", Error(text));

    private static string Error(string text) => Assert.Throws<NoPropException>(() => UpdatePolicies.Parse(text)).Message;
}
