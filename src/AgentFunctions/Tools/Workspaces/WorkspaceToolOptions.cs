using System.ComponentModel.DataAnnotations;
using AgentFunctions.Tools.Workspaces.Commands;

namespace AgentFunctions.Tools.Workspaces;

/// <summary>Represents the settings of the workspace tools.</summary>
public sealed class WorkspaceToolOptions
{
    /// <summary>
    /// Gets the programs that <c>run_command</c> may start, by name as found on the host's <c>PATH</c>; none by default.
    /// <c>git</c> allows the forms that this library ships for it, or any arguments if it ships none, with a warning at the
    /// start; <c>git:*</c> allows any arguments, and so all that the program can read, write and start.
    /// </summary>
    public ISet<string> AllowedCommands { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>
    /// Gets or sets whether commands run in a sandbox; <see cref="SandboxMode.Off"/> by default. The configuration's
    /// <c>Workspace:Sandbox</c> goes before it.
    /// </summary>
    public SandboxMode Sandbox { get; set; } = SandboxMode.Off;

    /// <summary>Gets or sets how long one command may run; five minutes by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Gets or sets the most characters of a command's output that are kept, half from its beginning and half from its end;
    /// 400,000 by default.
    /// </summary>
    [Range(1_000, 50_000_000)]
    public int MaxCommandOutput { get; set; } = 400_000;

    /// <summary>
    /// Gets variables of the host's environment that commands receive besides the harmless usual ones (<c>PATH</c>, <c>HOME</c>,
    /// <c>LANG</c>, …); none by default.
    /// </summary>
    public ISet<string> PassedEnvironment { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Names of folders that lists and searches leave out unless they begin within one; <c>.git</c>, <c>bin</c>, <c>obj</c> and
    /// <c>node_modules</c> by default.
    /// </summary>
    public ISet<string> SkippedFolders { get; } =
        new HashSet<string>(StringComparer.Ordinal) { ".git", "bin", "obj", "node_modules" };

    /// <summary>Gets or sets the largest file that <c>edit_file</c> edits, in bytes; 16 MiB by default.</summary>
    [Range(1, 1 << 30)]
    public int MaxEditBytes { get; set; } = 16 << 20;

    internal void Validate()
    {
        var complaints = new List<ValidationResult>();
        if (!Validator.TryValidateObject(this, new ValidationContext(this), complaints, validateAllProperties: true))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"workspace tools: {complaints[0].ErrorMessage}");
        }

        string? path = AllowedCommands.FirstOrDefault(static c => string.IsNullOrWhiteSpace(c)
            || c.IndexOfAny(['/', '\\', ' ']) >= 0 || c == ":*");
        if (path is not null)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"workspace tools: AllowedCommands: '{path}' is not a program name. Write it without its folder and put the folder on PATH.");
        }
    }
}
