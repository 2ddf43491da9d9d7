using System.Diagnostics;
using System.Reflection;

namespace AgentFunctions.AzureFunctions.Tests.Infra;

/// <summary>The compiler of Bicep, which comes as a package and runs as a program.</summary>
internal static class BicepCompiler
{
    public static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
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
