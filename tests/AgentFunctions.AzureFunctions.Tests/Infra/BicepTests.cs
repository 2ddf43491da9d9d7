using System.Diagnostics;
using System.Reflection;

namespace AgentFunctions.AzureFunctions.Tests.Infra;

/// <summary>The Bicep of <c>infra/</c> under its compiler, which comes as a package.</summary>
[CancelAfter(1_800_000)]
public sealed class BicepTests
{
    private static readonly string s_folder = Repository.Path("infra");

    private static IEnumerable<string> Files =>
        Directory.GetFiles(s_folder, "*.bicep", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(static file => Path.GetRelativePath(s_folder, file));

    [Test]
    public async Task Main_Compiled_HasNoDiagnostics()
    {
        (int code, string output, string errors) = await RunAsync("build", Path.Combine(s_folder, "main.bicep"), "--stdout");

        Assert.That((code, errors), Is.EqualTo((0, "")));
        Assert.That(output, Does.Contain("\"$schema\""));
    }

    [Test]
    public async Task Main_Linted_HasNoDiagnostics()
    {
        (int code, string output, string errors) = await RunAsync("lint", Path.Combine(s_folder, "main.bicep"));

        Assert.That((code, output, errors), Is.EqualTo((0, "", "")));
    }

    [TestCaseSource(nameof(Files))]
    public async Task File_Formatted_StaysAsItIs(string file)
    {
        string path = Path.Combine(s_folder, file);

        (int code, string output, string errors) = await RunAsync("format", path, "--stdout");

        Assert.That((code, errors), Is.EqualTo((0, "")));
        Assert.That(output.TrimEnd(), Is.EqualTo((await File.ReadAllTextAsync(path)).TrimEnd()));
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        string program = Program();
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The compiler is self-contained and needs no data of a culture.
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.CurrentContext.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.CurrentContext.CancellationToken);
        await process.WaitForExitAsync(TestContext.CurrentContext.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }

    private static string Program()
    {
        string? program = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
            .SingleOrDefault(static data => data.Key == "BicepPath")?.Value;
        Assume.That(program, Is.Not.Null.And.Not.Empty, "The package of the compiler is referenced on Linux for x64 alone.");
        program = Path.GetFullPath(program!.Replace('\\', '/'));
        if (!OperatingSystem.IsWindows())
        {
            // A package carries no executable bits.
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute);
        }

        return program;
    }
}
