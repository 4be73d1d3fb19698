using System.Reflection;
using NetArchTest.Rules;
using NoProp.Actors.Policies;
using NoProp.Models;
using Xunit;

namespace NoProp.Actors.Tests.Architecture;

/// <summary>Dependencies point one way, and names say what a thing is.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly Models = typeof(BlockId).Assembly;
    private static readonly Assembly Actors = typeof(IUpdatePolicy).Assembly;

    [Theory]
    [InlineData("Akka")]
    [InlineData("NoProp.Actors")]
    public void Mathematics_knows_nothing_of_actors(string dependency) =>
        AssertHolds(Types.InAssembly(Models).ShouldNot().HaveDependencyOn(dependency).GetResult());

    [Theory]
    [InlineData("TorchSharp")]
    [InlineData("Akka.Actor")]
    public void A_policy_holds_no_tensor_and_no_actor(string dependency) => AssertHolds(
        Types.InAssembly(Actors).That().ResideInNamespace("NoProp.Actors.Policies").ShouldNot().HaveDependencyOn(dependency).GetResult());

    [Theory]
    [InlineData("RunLogic")]
    [InlineData("RunState")]
    [InlineData("RunGoal")]
    [InlineData("RunInput")]
    [InlineData("RunEffect")]
    public void The_trainers_decisions_hold_no_tensor_and_no_actor(string type) => AssertHolds(
        Types.InAssembly(Actors).That().HaveName(type).ShouldNot().HaveDependencyOnAny("TorchSharp", "Akka.Actor").GetResult());

    [Theory]
    [InlineData("Manager")]
    [InlineData("Helper")]
    [InlineData("Utils")]
    [InlineData("Impl")]
    public void No_type_is_named_by_what_says_nothing(string ending) =>
        AssertHolds(Types.InAssemblies([Models, Actors]).ShouldNot().HaveNameEndingWith(ending, StringComparison.Ordinal).GetResult());

    [Fact]
    public void These_rules_look_at_something() =>
        Assert.Contains(Types.InAssembly(Actors).That().HaveDependencyOn("Akka.Actor").GetTypes(), type => type.Name == "TrainerActor");

    private static void AssertHolds(TestResult result) =>
        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypeNames ?? []));
}
