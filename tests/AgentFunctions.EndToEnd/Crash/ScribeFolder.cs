namespace AgentFunctions.EndToEnd.Crash;

/// <summary>A folder with the agent <c>scribe</c>, a place for its runs, and the log to which each turn adds a line.</summary>
internal sealed class ScribeFolder : IDisposable
{
    /// <summary>The name of the log.</summary>
    public const string File = "log.txt";

    private readonly TemporaryFolder _folder = new();

    public ScribeFolder(int maxTurns)
    {
        Workspace = _folder.Folder("workspace");
        _folder.Write($"workspace/{File}", "begin\nEND\n");
        _folder.Write(
            "agents/scribe.md", $"---\nname: scribe\ndescription: Writes a log.\nmaxTurns: {maxTurns}\n---\nKeep the log.\n");
    }

    public string Path => _folder.Path;

    public string Workspace { get; }

    public string Agents => System.IO.Path.Combine(Path, "agents");

    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>What stands in the log now.</summary>
    public string Log => System.IO.File.ReadAllText(System.IO.Path.Combine(Workspace, File));

    /// <summary>The log after so many turns, each of which has added its line once.</summary>
    public static string LogOf(int turns) =>
        $"begin\n{string.Concat(Enumerable.Range(0, turns).Select(static turn => $"line {turn}\n"))}END\n";

    /// <summary>The command that serves the agent, with further arguments.</summary>
    public string[] Serve(params IEnumerable<string> arguments) =>
        ["serve", "--urls", "http://127.0.0.1:0", .. arguments, "--data", Data, "--workspace", Workspace, "--agents", Agents];

    /// <summary>The arguments of <c>edit_file</c> that add the line of a turn.</summary>
    public static object Edit(int turn) => new { path = File, old_text = "END", new_text = $"line {turn}\nEND" };

    public void Dispose() => _folder.Dispose();
}
