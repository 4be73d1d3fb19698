using System.Text.Json;
using System.Text.RegularExpressions;
using NoProp.Actors.Hosting;
using Xunit;

namespace NoProp.Host.Tests.Deploy;

/// <summary>deploy/Dockerfile, as far as it can be read without building it.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] Lines = [.. DeployFiles.Read("Dockerfile").Split('\n').Where(line => line.Length > 0 && line[0] != '#')];

    [Fact]
    public void Everything_that_is_copied_exists()
    {
        IEnumerable<string> sources = Lines.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1]);

        Assert.All(sources, source => Assert.True(Path.Exists(Path.Combine(ReadmeTests.Repository(), source)), source));
    }

    [Fact]
    public void Everything_that_the_command_is_built_from_is_copied()
    {
        string copied = string.Join(' ', Lines.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal)));

        Assert.All(
            Directory.GetFiles(ReadmeTests.Repository(), "Directory.*").Select(Path.GetFileName).Concat([".editorconfig", "src", "hocon", "build"]),
            name => Assert.Contains($" {name} ", copied, StringComparison.Ordinal));
    }

    [Fact]
    public void The_argument_chooses_libtorch_and_is_cpu_by_itself()
    {
        Assert.Contains("ARG TORCH=cpu", Lines);
        Assert.Contains(Lines, line => line.StartsWith("RUN dotnet publish src/Host ", StringComparison.Ordinal) && line.Contains(" -p:Torch=${TORCH} ", StringComparison.Ordinal));
    }

    [Fact]
    public void The_last_user_is_not_root()
    {
        Assert.Equal("USER $APP_UID", Lines.Last(line => line.StartsWith("USER ", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_program_is_process_1_and_gets_the_signals()
    {
        string[] entry = JsonSerializer.Deserialize<string[]>(Lines.Single(line => line.StartsWith("ENTRYPOINT ", StringComparison.Ordinal))["ENTRYPOINT ".Length..])!;

        string published = PublishedTo().Match(string.Join('\n', Lines)).Groups[1].Value;
        Assert.Contains($"COPY --from=build {published} {Path.GetDirectoryName(Assert.Single(entry))}", Lines);
        Assert.Equal(typeof(Commands.CommandLine).Assembly.GetName().Name, Path.GetFileName(entry[0]));
    }

    [Fact]
    public void The_folders_of_the_composition_belong_to_the_user()
    {
        string folders = Lines.Single(line => line.Contains("chown", StringComparison.Ordinal)).Split("$APP_UID")[1];
        NoPropSettings settings = DeployFiles.Settings(["node"], new("noprop.conf", DeployFiles.Read("noprop.conf") + "\nnoprop.cluster.public-host = one"));

        Assert.Equal(["/data", "/runs"], folders.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal("/data", settings.Data.Directory);
    }

    [GeneratedRegex("""dotnet publish .* -o (\S+)""")]
    private static partial Regex PublishedTo();
}
