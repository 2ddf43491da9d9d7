using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AgentFunctions.AzureFunctions.Tests.Documents;

/// <summary>The C# compiler of the SDK, run over files with all assemblies of this process.</summary>
internal static class CompilerRun
{
    /// <summary>What the SDK adds to each file.</summary>
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>Compiles files.</summary>
    /// <param name="files">The files, by name.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The errors, as <c>file(line,column): error CODE: words</c>.</returns>
    public static async Task<IReadOnlyList<string>> ErrorsAsync(IReadOnlyDictionary<string, string> files,
        CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, string text) in files)
        {
            await File.WriteAllTextAsync(folder.File(name), text, cancellationToken);
        }

        await File.WriteAllTextAsync(folder.File("ImplicitUsings.cs"), ImplicitUsings, cancellationToken);
        IEnumerable<string> assemblies =
            ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        await File.WriteAllLinesAsync(
            folder.File("arguments.rsp"),
            ["-nologo", "-target:library", "-nullable:enable", "-nostdlib", "-warn:0", "-out:none.dll", "*.cs",
                .. assemblies.Select(static one => $"-r:\"{one}\"")],
            cancellationToken);
        var start = new ProcessStartInfo("dotnet", [Compiler(), "@arguments.rsp"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = folder.Path,
        };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return [.. output.Split('\n').Where(static line => line.Contains("error", StringComparison.Ordinal))
            .Select(line => line.Replace($"{folder.Path}/", "", StringComparison.Ordinal).Trim())];
    }

    private static string Compiler()
    {
        string sdks = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "sdk"));
        return Directory.EnumerateDirectories(sdks, $"{Environment.Version.Major}.*")
            .OrderByDescending(static sdk => Version.TryParse(Path.GetFileName(sdk).Split('-')[0], out Version? version)
                ? version
                : new Version())
            .Select(static sdk => Path.Combine(sdk, "Roslyn", "bincore", "csc.dll"))
            .First(File.Exists);
    }
}
