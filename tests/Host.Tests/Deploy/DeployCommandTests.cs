using System.Diagnostics;
using System.Text.RegularExpressions;
using NoProp.Actors.Cluster;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Deploy;

/// <summary>Commands that the files below deploy show, and the one that makes certificates.</summary>
public sealed partial class DeployCommandTests : IDisposable
{
    private readonly TempFolder folder = new();

    public static TheoryData<string> Shown =>
    [
        .. from file in DeployFiles.All()
           from Match call in Call().Matches(File.ReadAllText(file))
           let arguments = call.Groups[1].Value
           orderby arguments
           select arguments,
    ];

    [Fact]
    public void Commands_are_shown_for_compose_and_for_Kubernetes()
    {
        Assert.Contains(Shown.Cast<object[]>(), call => ((string)call[0]).Contains("/etc/noprop.conf", StringComparison.Ordinal));
        Assert.Contains(Shown.Cast<object[]>(), call => ((string)call[0]).Contains("/etc/noprop/noprop.conf", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Shown))]
    public void A_command_that_is_shown_parses(string arguments)
    {
        DeployFiles.Parse(DeployFiles.Split(arguments));
    }

    [OpenSslFact]
    public void Certificates_that_the_script_makes_let_nodes_trust_each_other()
    {
        Make("one");
        Make("one", "two");

        foreach (string name in (string[])["one", "two"])
        {
            ClusterSecurity.Load(new(folder[$"{name}.pem"], folder[$"{name}.key"], null, [folder["authority.pem"]]), DateTimeOffset.Now);
        }
    }

    [OpenSslFact]
    public void The_script_keeps_what_is_there()
    {
        Make("one");
        string before = File.ReadAllText(folder["one.pem"]) + File.ReadAllText(folder["authority.pem"]);
        Make("one", "two");

        Assert.Equal(before, File.ReadAllText(folder["one.pem"]) + File.ReadAllText(folder["authority.pem"]));
    }

    [OpenSslFact]
    public void Keys_are_for_their_owner_alone()
    {
        Make("one");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(folder["one.key"]));
    }

    [OpenSslFact]
    public void Certificates_are_for_every_user_that_a_node_may_run_as()
    {
        Make("one");

        Assert.All(["one.pem", "authority.pem"], file => Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(folder[file]).HasFlag(UnixFileMode.OtherRead), file));
    }

    public void Dispose() => folder.Dispose();

    private void Make(params string[] names)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("sh", [DeployFiles.At("certificates.sh"), folder.Path, .. names]) { RedirectStandardError = true })!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
    }

    // A comment ends a call, as do the signs that end it in a shell.
    [GeneratedRegex("""(?:^|\W)noprop ((?:node|train|status|explain|drain|stop|doctor)\b[^#`|>;&\n"]*)""", RegexOptions.Multiline)]
    private static partial Regex Call();
}

/// <summary>A test that makes certificates with a shell and OpenSSL, skipped where these are not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OpenSslFactAttribute : FactAttribute
{
    public OpenSslFactAttribute()
    {
        if (OperatingSystem.IsWindows() || !Available())
        {
            Skip = "needs a shell and OpenSSL 3";
        }
    }

    private static bool Available() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "openssl")));
}
