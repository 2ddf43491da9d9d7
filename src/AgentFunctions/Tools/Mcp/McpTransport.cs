using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;

namespace AgentFunctions.Tools.Mcp;

/// <summary>Opens the way to a server, with its texts' variables expanded.</summary>
internal sealed class McpTransport
{
    /// <summary>The name of the HTTP client that speaks to servers.</summary>
    public const string HttpClientName = "AgentFunctions.Mcp";

    /// <summary>The longest answer, in bytes; of a stream of events the longest event.</summary>
    public const long AnswerLimit = 16L << 20;

    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(2);

    private McpTransport(IClientTransport transport, McpSecrets secrets, Uri? endpoint = null) =>
        (Client, Secrets, Endpoint) = (transport, secrets, endpoint);

    public IClientTransport Client { get; }

    /// <summary>The server's address; <see langword="null"/> for a program.</summary>
    public Uri? Endpoint { get; }

    /// <summary>What must not be repeated of the server's configuration.</summary>
    public McpSecrets Secrets { get; }

    /// <summary>Prepares the way; nothing is started before the client connects.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: a variable is not set, or the address is none.</exception>
    public static McpTransport Create(McpServerDefinition server, VariableText variables, McpHttp http, ILogger logger) =>
        server.Command is null ? Http(server, variables, http) : Program(server, variables, logger);

    private static McpTransport Program(McpServerDefinition server, VariableText variables, ILogger logger)
    {
        Dictionary<string, string> configured = Expand(server, "env", server.Env, variables);
        var secrets = new McpSecrets(configured.Values);
        Dictionary<string, string?> environment = Inherited();
        foreach ((string name, string value) in configured)
        {
            environment[name] = value;
        }

        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Name = server.Name,
            Command = variables.Expand(server.Command!, Place(server, "command")),
            Arguments = [.. server.Args.Select((text, i) => variables.Expand(text, Place(server, $"args[{i}]")))],
            WorkingDirectory = server.Cwd is null ? null : variables.Expand(server.Cwd, Place(server, "cwd")),
            InheritEnvironmentVariables = false,
            EnvironmentVariables = environment,
            ShutdownTimeout = ShutdownTime,
            StandardErrorLines = line => McpLog.ServerSaid(logger, server.Name, secrets.Hide(line)),
        });
        return new McpTransport(transport, secrets);
    }

    private static McpTransport Http(McpServerDefinition server, VariableText variables, McpHttp http)
    {
        string address = variables.Expand(server.Url!, Place(server, "url"));
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw new AgentException(ErrorCode.InvalidInput, $"{Place(server, "url")}: is no absolute http or https address.");
        }

        Dictionary<string, string> headers = Expand(server, "headers", server.Headers, variables);
        var transport = new HttpClientTransport(
            new HttpClientTransportOptions
            {
                Name = server.Name,
                Endpoint = endpoint,
                TransportMode = server.Sse ? HttpTransportMode.Sse : HttpTransportMode.StreamableHttp,
                AdditionalHeaders = headers,
            },
            http.ClientFor(endpoint, server.Identity),
            ownsHttpClient: true);
        return new McpTransport(transport, new McpSecrets(headers.Values), endpoint);
    }

    /// <summary>All that a program gets of the host's own environment: enough to be found and to find its files.</summary>
    private static Dictionary<string, string?> Inherited() => OperatingSystem.IsWindows()
        ? new(StdioClientTransportOptions.GetDefaultEnvironmentVariables(), StringComparer.OrdinalIgnoreCase)
        : new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH"),
            ["HOME"] = Environment.GetEnvironmentVariable("HOME"),
        };

    private static Dictionary<string, string> Expand(
        McpServerDefinition server, string field, IReadOnlyDictionary<string, string> texts, VariableText variables) =>
        texts.ToDictionary(static text => text.Key, text => variables.Expand(text.Value, Place(server, $"{field}.{text.Key}")), StringComparer.Ordinal);

    private static string Place(McpServerDefinition server, string field) => $"{server.Origin}: mcpServers.{server.Name}.{field}";
}
