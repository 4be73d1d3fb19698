using System.Diagnostics;
using System.IO.Compression;
using NoProp.Host.Tests.Processes;
using Xunit;

namespace NoProp.Host.Tests.Serving;

/// <summary>What `dotnet pack` makes can be used by a program that knows nothing of this repository.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly TempFolder folder = new();

    private static string Configuration => AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Debug" : "Release";

    [Fact]
    public void The_documentation_shows_the_example_as_it_is()
    {
        string text = Text("docs", "serve.md");

        Assert.Contains($"```csharp\n{Text("examples", "Embedded", "Program.cs")}```\n", text, StringComparison.Ordinal);
        Assert.Contains($"```xml\n{Text("examples", "Embedded", "Embedded.csproj")}```\n", text, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_program_that_references_the_packages_predicts()
    {
        await using ServedFolder run = await ServedFolder.StartAsync(ServedFolder.Of("dt"));
        foreach (string project in (string[])["Models", "Actors"])
        {
            await DotnetAsync("pack", Path.Combine(Root(), "src", project), "--no-build", "-c", Configuration, "-o", folder["packages"]);
        }

        foreach (string file in (string[])["Program.cs", "Embedded.csproj"])
        {
            folder.Write($"app/{file}", await File.ReadAllBytesAsync(Path.Combine(Root(), "examples", "Embedded", file)));
        }

        // Nothing but these packages and what this repository has restored; nothing is left in the user's cache.
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await DotnetAsync(
            "build", folder["app"], "-c", "Release", "-o", folder["out"], $"-p:RestoreSources={folder["packages"]}", $"-p:RestorePackagesPath={folder["restored"]}",
            $"-p:RestoreFallbackFolders={cache}", "-p:UseAppHost=false", "-p:CreateSymbolicLinksForCopyLocalIfPossible=true", "-p:NuGetAudit=false");
        string output = await DotnetAsync(folder["out/Embedded.dll"], run.Run.Path);

        Assert.Matches("after block 1: nearest to [0-9]\nafter block 2: nearest to [0-9]\nafter block 3: nearest to [0-9]\nclass [0-9], answered by versions 1, 1, 1\n", output);
        Assert.Equal(["NoProp.Actors.0.1.0.nupkg", "NoProp.Actors.0.1.0.snupkg", "NoProp.Models.0.1.0.nupkg", "NoProp.Models.0.1.0.snupkg"], Directory.GetFiles(folder["packages"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using ZipArchive package = await ZipFile.OpenReadAsync(folder["packages/NoProp.Actors.0.1.0.nupkg"]);
        Assert.NotNull(package.GetEntry("lib/net10.0/NoProp.Actors.xml"));
    }

    public void Dispose() => folder.Dispose();

    private static string Text(params string[] path) => File.ReadAllText(Path.Combine([Root(), .. path])).ReplaceLineEndings("\n");

    private static string Root()
    {
        string at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "NoProp.sln")))
        {
            at = Path.GetDirectoryName(at) ?? throw new InvalidOperationException("the repository is not above the tests");
        }

        return at;
    }

    private static async Task<string> DotnetAsync(params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The tests' own build must not be taken for that of the program, and no server of it must outlive it.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment.Remove("MSBuildSDKsPath");
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)}: {output}\n{await error}");
    }
}
