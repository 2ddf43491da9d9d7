using System.Diagnostics;

namespace AgentFunctions.EndToEnd.OwnApp;

/// <summary>A host with the library, the embedded engine and a model of its own gets no package of another's.</summary>
internal sealed class SmallHostTests
{
    private static readonly string[] Foreign = ["Azure.", "OpenAI", "System.ClientModel", "ModelContextProtocol", "NCrontab",
        "Microsoft.AspNetCore", "Microsoft.DurableTask", "Microsoft.Identity"];

    [Test]
    [CancelAfter(600_000)]
    public async Task Publish_LibraryAndEmbeddedEngineAlone_HoldNoPackageOfAnothersAndRun(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string project = Repository.Path("tests/AgentFunctions.SmallHost");
        string configuration =
            AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}",
                StringComparison.Ordinal) ? "Release" : "Debug";

        string published = await RunAsync("dotnet",
            ["publish", project, "--no-build", "-c", configuration, "-o", folder.Path, "-nologo"], cancellationToken);
        string[] files = [.. Directory.EnumerateFiles(folder.Path, "*.dll").Select(static file => Path.GetFileName(file))];

        Assert.That(files, Does.Contain("AgentFunctions.dll").And.Contain("AgentFunctions.Sqlite.dll"), published);
        Assert.That(files.Where(static file => file.StartsWith("AgentFunctions", StringComparison.Ordinal)),
            Has.Exactly(3).Items);
        Assert.That(files.Where(static file => Foreign.Any(name => file.StartsWith(name, StringComparison.OrdinalIgnoreCase))),
            Is.Empty);
        Assert.That(
            await RunAsync("dotnet", [Path.Combine(folder.Path, "AgentFunctions.SmallHost.dll")], cancellationToken),
            Does.Contain("Completed: hello"));
    }

    private static async Task<string> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        using Process process =
            Process.Start(new ProcessStartInfo(program,
                arguments)
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return output + await error;
    }
}
