using System.ComponentModel;
using System.Diagnostics;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Tools.Workspaces.Commands;

/// <summary>
/// Confines commands by <c>bwrap</c>: the workspace writable, the rest of the machine read-only, no network, no other processes,
/// and neither credentials of the home folder nor what governs the host.
/// </summary>
/// <param name="program">The full path of <c>bwrap</c>.</param>
/// <param name="hidden">Full paths of files and folders that are not shown.</param>
internal sealed class BubblewrapSandbox(string program, IReadOnlyList<string> hidden) : ICommandSandbox
{
    private static readonly string[] Credentials =
    [
        ".ssh", ".aws", ".azure", ".kube", ".gnupg", ".docker", ".netrc", ".git-credentials", ".npmrc", ".pypirc",
        ".config/gcloud", ".config/gh",
        ".config/git", ".gitconfig", ".nuget/NuGet", ".microsoft", ".bash_history", ".local/share/keyrings",
        ".local/state/agentfunctions",
        ".zsh_history", ".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml",
        ".gradle/gradle.properties",
        ".pgpass", ".my.cnf", ".vault-token", ".terraform.d", ".terraformrc", ".password-store", ".config/op", ".config/rclone",
        ".config/containers",
        ".config/hub", ".config/glab-cli", ".config/doctl", ".composer/auth.json", ".mozilla", ".config/google-chrome",
        ".config/chromium",
        ".claude", ".claude.json", ".codex", ".gemini", ".config/github-copilot",
    ];

    /// <summary>
    /// What belongs to the whole machine, whose owner needs no capability to write it: where the host is root, so is the command.
    /// </summary>
    private static readonly string[] OfTheMachine =
    [
        .. new[] { "sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "mtrr" }.Select(static name => $"/proc/{name}")
            .Where(Path.Exists)
            .SelectMany(static path => new[] { "--ro-bind", path, path }),
    ];

    private static readonly Lazy<string?> Found = new(Probe);

    public string Name => "bwrap";

    /// <summary>
    /// Finds the sandbox of this machine; <see langword="null"/> if it is not installed or user namespaces are not available.
    /// </summary>
    /// <param name="hidden">Full paths of files and folders that are not shown.</param>
    public static BubblewrapSandbox? Find(IReadOnlyList<string> hidden) => Found.Value is { } program
        ? new BubblewrapSandbox(program, hidden)
        : null;

    public SandboxedCommand Wrap(string workspace, SandboxedCommand command)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        List<string> arguments =
        [
            "--new-session", "--unshare-all", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--proc", "/proc", .. OfTheMachine,
            "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run",
        ];
        if (home.Length > 1)
        {
            Hide(arguments, Credentials.Select(name => Path.Combine(home, name)));
        }

        // The workspace is mounted over what hides its surroundings, and what governs within it is hidden in turn.
        Hide(arguments, hidden.Where(path => PathSyntax.Below(path, workspace, StringComparison.Ordinal) is null));
        arguments.AddRange(["--bind", workspace, workspace]);
        Hide(arguments, hidden.Where(path => PathSyntax.Below(path, workspace, StringComparison.Ordinal) is { Length: > 0 }));
        arguments.AddRange(["--chdir", workspace, "--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp"]);
        if (Path.Combine(home, ".nuget", "packages") is var packages && Directory.Exists(packages))
        {
            arguments.AddRange(["--setenv", "NUGET_PACKAGES", packages]);
        }

        return new SandboxedCommand(program, [.. arguments, "--", command.Program, .. command.Arguments]);
    }

    private static void Hide(List<string> arguments, IEnumerable<string> paths)
    {
        foreach (string path in paths)
        {
            arguments.AddRange(Directory.Exists(path) ? ["--tmpfs", path] : File.Exists(path)
                ? ["--ro-bind", "/dev/null", path]
                : []);
        }
    }

    private static string? Probe()
    {
        const string Program = "/usr/bin/bwrap";
        if (!OperatingSystem.IsLinux() || !File.Exists(Program))
        {
            return null;
        }

        try
        {
            var start = new ProcessStartInfo(Program,
                ["--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", .. OfTheMachine, "--dev", "/dev", "--", "/bin/true"])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            using Process probe = Process.Start(start)!;
            return probe.WaitForExit(TimeSpan.FromMinutes(1)) && probe.ExitCode == 0 ? Program : null;
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }
}
