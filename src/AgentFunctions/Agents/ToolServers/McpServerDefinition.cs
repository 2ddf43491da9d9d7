using System.Text.Json.Serialization;
using AgentFunctions.Governance.Options;

namespace AgentFunctions.Agents.ToolServers;

/// <summary>Represents a server of the Model Context Protocol: a program to start, or an address.</summary>
/// <remarks>
/// Texts may hold <c>${secret:NAME}</c>, <c>${VAR}</c> and <c>${VAR:-default}</c>: they are expanded when the server is started,
/// headers at every request, and nowhere kept in their expanded form, so secrets belong there.
/// </remarks>
public sealed record McpServerDefinition
{
    /// <summary>Gets the name, the middle part of its tools' names (<c>mcp__name__tool</c>).</summary>
    public required string Name { get; init; }

    /// <summary>Gets the program to start; <see langword="null"/> if <see cref="Url"/> is set.</summary>
    public string? Command { get; init; }

    /// <summary>Gets the program's arguments; none by default.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Gets the program's environment beyond <c>PATH</c> and <c>HOME</c>, which are all that it inherits.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Gets the folder that the program starts in; by default the folder of its configuration file, else the host's.
    /// </summary>
    public string? Cwd { get; init; }

    /// <summary>
    /// Gets the address of a server that speaks streamable HTTP; <see langword="null"/> if <see cref="Command"/> is set.
    /// </summary>
    public string? Url { get; init; }

    /// <summary>Gets HTTP headers of every request to <see cref="Url"/>; none by default.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Gets the token that requests to <see cref="Url"/> carry: calls that of the run, handshakes that of the host;
    /// <see langword="null"/>, the default, for none.
    /// </summary>
    public ToolServerIdentity? Identity { get; init; }

    /// <summary>
    /// Gets how the host signs in to <see cref="Url"/> if the server asks for it; <see langword="null"/> never to. Headers with
    /// <c>Authorization</c> and <see cref="Identity"/> go before it.
    /// </summary>
    public ToolServerSignIn? SignIn { get; init; } = new();

    /// <summary>
    /// Gets whether <see cref="Url"/> speaks the older HTTP transport with server-sent events; false by default.
    /// </summary>
    public bool Sse { get; init; }

    /// <summary>Gets how long one call may take; two minutes by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Gets what tools do to the world, by the server's own names; by default what the server's annotations say.
    /// </summary>
    public IReadOnlyDictionary<string, ToolEffect> Effects { get; init; } = new Dictionary<string, ToolEffect>();

    /// <summary>
    /// Gets whether a call may become a task of the server, for which the run waits without compute; true by default. It takes a
    /// server that declares the extension for tasks.
    /// </summary>
    public bool Tasks { get; init; } = true;

    /// <summary>
    /// Gets whether the server is switched off: it is not started, and its tools are not offered. False by default.
    /// </summary>
    public bool Disabled { get; init; }

    /// <summary>Gets the tools that are not offered, by the server's own names; none by default.</summary>
    public IReadOnlyList<string> DisabledTools { get; init; } = [];

    /// <summary>
    /// Gets the only tools that are offered, by the server's own names; <see langword="null"/>, the default, for all.
    /// </summary>
    public IReadOnlyList<string>? OnlyTools { get; init; }

    /// <summary>Gets where it was defined, for errors: a file's path, or the agent.</summary>
    [JsonIgnore]
    public string Origin { get; init; } = "the host";
}
