using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Mcp.Programs;
using AgentFunctions.Mcp.SignIn;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;

namespace AgentFunctions.Mcp;

/// <summary>Opens the way to a server, with its texts' variables expanded.</summary>
internal sealed class McpTransport
{
    /// <summary>The name of the HTTP client that speaks to servers.</summary>
    public const string HttpClientName = "AgentFunctions.Mcp";

    /// <summary>The longest answer, in bytes; of a stream of events the longest event.</summary>
    public const long AnswerLimit = 16L << 20;

    private McpTransport(IClientTransport transport, McpSecrets secrets, Uri? endpoint = null) =>
        (Client, Secrets, Endpoint) = (transport, secrets, endpoint);

    public IClientTransport Client { get; }

    /// <summary>
    /// Gets why the server's program ended; <see langword="null"/> while it runs, and for a server behind an address.
    /// </summary>
    public string? EndReason => (Client as ProgramTransport)?.EndReason;

    /// <summary>Gets whether the server's program was ended for sending too much.</summary>
    public bool IsFlooded => (Client as ProgramTransport)?.IsFlooded ?? false;

    /// <summary>Gets the server's address; <see langword="null"/> for a program.</summary>
    public Uri? Endpoint { get; }

    /// <summary>Gets what must not be repeated of the server's configuration.</summary>
    public McpSecrets Secrets { get; }

    /// <summary>Prepares the way; nothing is started before the client connects.</summary>
    /// <param name="server">The server.</param>
    /// <param name="variables">Expands its texts.</param>
    /// <param name="http">Makes clients.</param>
    /// <param name="olderProtocol">Whether a program is spoken to as one that does not know the newest protocol.</param>
    /// <param name="logger">Takes what a program writes to its standard error stream.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: a variable or a secret is not set, or the address is none.
    /// </exception>
    public static Task<McpTransport> CreateAsync(
        McpServerDefinition server, VariableText variables, McpHttp http, bool olderProtocol, ILogger logger, TimeProvider time,
        CancellationToken cancellationToken) => server.Command is null
            ? HttpAsync(server, variables, http, cancellationToken)
            : ProgramAsync(server, variables, olderProtocol, logger, time, cancellationToken);

    private static async Task<McpTransport> ProgramAsync(
        McpServerDefinition server, VariableText variables, bool olderProtocol, ILogger logger, TimeProvider time,
        CancellationToken cancellationToken)
    {
        Dictionary<string, string> configured = await ExpandAsync(server, "env", server.Env, variables, cancellationToken)
            .ConfigureAwait(false);
        var arguments = new List<string>();
        foreach (string text in server.Args)
        {
            arguments.Add(await variables.ExpandAsync(text, Place(server, $"args[{arguments.Count}]"), cancellationToken)
                .ConfigureAwait(false));
        }

        var secrets = new McpSecrets(configured.Values);
        Dictionary<string, string?> environment = Inherited();
        foreach ((string name, string value) in configured)
        {
            environment[name] = value;
        }

        var program = new ServerProgram(
            server.Name,
            await variables.ExpandAsync(server.Command!, Place(server, "command"), cancellationToken).ConfigureAwait(false),
            arguments,
            server.Cwd is null
                ? null
                : await variables.ExpandAsync(server.Cwd, Place(server, "cwd"), cancellationToken).ConfigureAwait(false),
            environment);
        return new McpTransport(new ProgramTransport(program, olderProtocol, secrets, logger, time), secrets);
    }

    private static async Task<McpTransport> HttpAsync(
        McpServerDefinition server, VariableText variables, McpHttp http, CancellationToken cancellationToken)
    {
        string address = await variables.ExpandAsync(server.Url!, Place(server, "url"), cancellationToken).ConfigureAwait(false);
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"{Place(server, "url")}: is not an absolute http or https address.");
        }

        // Found once to be sure that they are there; each request looks them up anew, since secrets are rotated.
        Dictionary<string, string> headers = await HeadersAsync(cancellationToken).ConfigureAwait(false);
        var secrets = new McpSecrets(headers.Values);
        ServerAuthorization? authorization = await http.AuthorizationOfAsync(server, endpoint, variables, secrets,
            cancellationToken).ConfigureAwait(false);
        var transport = new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Name = server.Name,
                Endpoint = endpoint,
                TransportMode = server.Sse ? HttpTransportMode.Sse : HttpTransportMode.StreamableHttp,
                OAuth = authorization?.OAuth,
            },
            http.ClientFor(endpoint, server.Identity, headers.Count == 0 ? null : HeadersAsync, authorization),
            ownsHttpClient: true);
        return new McpTransport(transport, secrets, endpoint);

        Task<Dictionary<string, string>> HeadersAsync(CancellationToken cancellationToken) =>
            ExpandAsync(server, "headers", server.Headers, variables, cancellationToken);
    }

    /// <summary>All that a program gets of the host's own environment: enough to be found and to find its files.</summary>
    private static Dictionary<string, string?> Inherited() => OperatingSystem.IsWindows()
        ? new(StdioClientTransportOptions.GetDefaultEnvironmentVariables(), StringComparer.OrdinalIgnoreCase)
        : new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH"),
            ["HOME"] = Environment.GetEnvironmentVariable("HOME"),
        };

    private static async Task<Dictionary<string, string>> ExpandAsync(
        McpServerDefinition server, string field, IReadOnlyDictionary<string, string> texts, VariableText variables,
        CancellationToken cancellationToken)
    {
        var expanded = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string text) in texts)
        {
            expanded[name] = await variables.ExpandAsync(text, Place(server, $"{field}.{name}"), cancellationToken)
                .ConfigureAwait(false);
        }

        return expanded;
    }

    private static string Place(McpServerDefinition server, string field) => $"{server.Origin}: mcpServers.{server.Name}.{field}";
}
