using System.Reflection;
using System.Reflection.Emit;
using NoProp.Actors.Policies;
using NoProp.Models;
using NoProp.Models.Tests.Checkpoints;
using Xunit;

namespace NoProp.Actors.Tests.Policies;

/// <summary>Policies that a setting names by their type.</summary>
public sealed class OwnPolicyTests
{
    private const string Here = "type:NoProp.Actors.Tests.Policies.OwnPolicyTests+";

    [Fact]
    public void A_policy_of_blocks_is_found_by_its_type() =>
        Assert.IsType<Plain>(PolicyCatalog.BuiltIn.Parse(new PolicySettings(Here + nameof(Plain))).Blocks);

    [Fact]
    public void What_follows_the_type_is_the_argument_colons_and_all() =>
        Assert.Equal("with a:b", PolicyCatalog.BuiltIn.Parse(new PolicySettings(Here + nameof(WithArgument) + ":a:b")).Blocks.Name);

    [Fact]
    public void A_policy_of_the_embedding_is_found_by_its_type() =>
        Assert.IsType<Shared>(PolicyCatalog.BuiltIn.Parse(new PolicySettings(Embedding: Here + nameof(Shared))).Embedding);

    [Fact]
    public void A_policy_is_loaded_from_a_named_file()
    {
        using TempFolder temp = new();
        string path = Emit(temp, "NoProp.Emitted.Policies", "Emitted.Patient");

        IUpdatePolicy policy = PolicyCatalog.BuiltIn.Parse(Settings("type:Emitted.Patient", path)).Blocks;

        Assert.Equal("emitted", policy.Name);
    }

    [Fact]
    public void A_file_that_is_named_twice_is_loaded_once()
    {
        using TempFolder temp = new();
        string path = Emit(temp, "NoProp.Emitted.Twice", "Emitted.Twice");

        Assert.Same(
            PolicyCatalog.BuiltIn.Parse(Settings("type:Emitted.Twice", path)).Blocks.GetType(),
            PolicyCatalog.BuiltIn.Parse(Settings("type:Emitted.Twice", path, path)).Blocks.GetType());
    }

    [Fact]
    public void A_type_that_is_not_in_a_named_file_is_refused_with_those_that_are()
    {
        using TempFolder temp = new();
        string path = Emit(temp, "NoProp.Emitted.Listed", "Emitted.Listed");

        Assert.Equal(
            "policy 'type:Emitted.Lost': no assembly that is loaded has a type 'Emitted.Lost' (IUpdatePolicy in those that are named: Emitted.Listed); "
            + "noprop.policy.assemblies names the files that are searched",
            Error(Settings("type:Emitted.Lost", path)));
    }

    [Fact]
    public void A_file_that_does_not_exist_is_refused_even_where_no_policy_needs_it() =>
        Assert.Equal("the assembly 'no/such.dll' does not exist; name a .dll file with policies", Error(Settings("async", "no/such.dll")));

    [Fact]
    public void A_file_that_is_no_assembly_is_refused()
    {
        using TempFolder temp = new();
        string path = temp.File("text.dll");
        File.WriteAllText(path, "not an assembly");

        Assert.Equal($"the assembly '{path}' cannot be loaded: it is no .NET assembly for this machine", Error(Settings("async", path)));
    }

    [Theory]
    [InlineData("type:", "no assembly that is loaded has a type ''; noprop.policy.assemblies names the files that are searched")]
    [InlineData("type:A[,B", "no assembly that is loaded has a type 'A[,B'; noprop.policy.assemblies names the files that are searched")]
    [InlineData("type:No.Such", "no assembly that is loaded has a type 'No.Such'; noprop.policy.assemblies names the files that are searched")]
    [InlineData("type:System.Object", "System.Object is no class that implements IUpdatePolicy")]
    [InlineData("type:NoProp.Actors.Policies.IUpdatePolicy", "NoProp.Actors.Policies.IUpdatePolicy is no class that implements IUpdatePolicy")]
    [InlineData(
        Here + nameof(Shared),
        "NoProp.Actors.Tests.Policies.OwnPolicyTests+Shared is no class that implements IUpdatePolicy; it is an ISharedPolicy, which belongs into noprop.policy.embedding")]
    [InlineData(Here + nameof(Plain) + ":3", "Plain takes no argument, so leave ':3' away")]
    [InlineData(Here + nameof(WithArgument), "WithArgument needs an argument, as in " + Here + nameof(WithArgument) + ":3")]
    [InlineData(Here + nameof(Closed), "Closed needs a public constructor without parameters, or with one string")]
    public void A_type_that_is_no_usable_policy_is_refused_in_one_line(string text, string fault) =>
        Assert.Equal($"policy '{text}': {fault}", Error(new PolicySettings(text)));

    [Fact]
    public void A_policy_of_blocks_is_none_of_the_embedding() => Assert.Equal(
        $"policy '{Here}Plain': NoProp.Actors.Tests.Policies.OwnPolicyTests+Plain is no class that implements ISharedPolicy; "
        + "it is an IUpdatePolicy, which belongs into noprop.policy.blocks",
        Error(new PolicySettings(Embedding: Here + nameof(Plain))));

    [Fact]
    public void A_constructor_that_throws_gives_its_message() => Assert.Equal(
        $"policy '{Here}WithArgument:bad' cannot be made: bad is bad", Error(new PolicySettings(Here + nameof(WithArgument) + ":bad")));

    private static PolicySettings Settings(string blocks, params string[] paths) => new(blocks) { Assemblies = new([.. paths]) };

    private static string Error(PolicySettings settings) => Assert.Throws<NoPropException>(() => PolicyCatalog.BuiltIn.Parse(settings)).Message;

    /// <summary>Writes an assembly with one policy, which is called "emitted" and lets everybody wait.</summary>
    private static string Emit(TempFolder temp, string assembly, string type)
    {
        PersistedAssemblyBuilder builder = new(new AssemblyName(assembly), typeof(object).Assembly);
        TypeBuilder policy = builder.DefineDynamicModule(assembly).DefineType(type, TypeAttributes.Public, typeof(object), [typeof(IUpdatePolicy)]);
        const MethodAttributes Implements = MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.HideBySig;
        ILGenerator name = policy.DefineMethod("get_Name", Implements, typeof(string), []).GetILGenerator();
        name.Emit(OpCodes.Ldstr, "emitted");
        name.Emit(OpCodes.Ret);
        ILGenerator next = policy.DefineMethod("Next", Implements, typeof(PolicyDecision), [typeof(PolicyView), typeof(LeaseRequest)]).GetILGenerator();
        next.Emit(OpCodes.Ldc_I4_0);
        next.Emit(OpCodes.Newobj, typeof(PolicyDecision.Wait).GetConstructor([typeof(bool)])!);
        next.Emit(OpCodes.Ret);
        policy.CreateType();
        string path = temp.File($"{assembly}.dll");
        builder.Save(path);
        return path;
    }

    public sealed class Plain : IUpdatePolicy
    {
        public string Name => "plain";

        public PolicyDecision Next(PolicyView view, LeaseRequest request) => new PolicyDecision.Wait();
    }

    public sealed class WithArgument(string argument) : IUpdatePolicy
    {
        public string Name { get; } = argument == "bad" ? throw new ArgumentException("bad is bad") : $"with {argument}";

        public PolicyDecision Next(PolicyView view, LeaseRequest request) => new PolicyDecision.Wait();
    }

    public sealed class Closed : IUpdatePolicy
    {
        private Closed()
        {
        }

        public string Name => "closed";

        public PolicyDecision Next(PolicyView view, LeaseRequest request) => new PolicyDecision.Wait();
    }

    public sealed class Shared : ISharedPolicy
    {
        public string Name => "shared";

        public SharedDecision Decide(SharedView view, SharedUpdate update) => new SharedDecision.Apply();
    }
}
