using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Governance.Options;

namespace AgentFunctions.Agents.ToolServers;

/// <summary>Reads one server's definition; every complaint names the origin, the server and the field.</summary>
internal sealed class McpServerReader(string origin, string name, List<string> notes)
{
    private const string Place = "mcpServers";

    public McpServerDefinition Read(JsonElement value)
    {
        Require(name.Length is > 0 and <= 40 && name.All(static c => !char.IsControl(c)), null,
            "use a name of 1 to 40 characters");
        Require(!name.Contains("__", StringComparison.Ordinal), null,
            "the name must not hold '__', which divides the parts of tool names");
        Require(value.ValueKind == JsonValueKind.Object, null, "write an object with command or url");
        var server = new McpServerDefinition { Name = name, Origin = origin };
        string? type = null;
        foreach (JsonProperty field in value.EnumerateObject())
        {
            switch (field.Name)
            {
                case "type" or "transport":
                    type = Text(field);
                    break;
                case "command":
                    server = server with { Command = Text(field) };
                    break;
                case "args":
                    server = server with { Args = Texts(field) };
                    break;
                case "env":
                    server = server with { Env = Map(field, static value => value) };
                    break;
                case "cwd":
                    server = server with { Cwd = Text(field) };
                    break;
                case "url":
                    server = server with { Url = Text(field) };
                    break;
                case "headers":
                    server = server with { Headers = Map(field, static value => value) };
                    break;
                case "disabled":
                    server = server with { Disabled = Flag(field) };
                    break;
                case "enabled":
                    server = server with { Disabled = !Flag(field) };
                    break;
                case "disabledTools" or "excludeTools":
                    server = server with { DisabledTools = [.. server.DisabledTools, .. Texts(field)] };
                    break;
                case "includeTools":
                    server = server with { OnlyTools = Texts(field) };
                    break;
                case "timeout":
                    server = server with { Timeout = Milliseconds(field) };
                    break;
                case "identity":
                    server = server with { Identity = Identity(field) };
                    break;
                case "oauth":
                    server = server with { SignIn = SignIn(field) };
                    break;
                case "tasks":
                    server = server with { Tasks = Flag(field) };
                    break;
                case "effects":
                    server = server with { Effects = Map(field, effect => Effect(field.Name, effect)) };
                    break;
                default:
                    notes.Add($"{origin}: {Place}.{name}.{field.Name}: not used here.");
                    break;
            }
        }

        return WithTransport(server, type);
    }

    private McpServerDefinition WithTransport(McpServerDefinition server, string? type)
    {
        Require(type is null or "stdio" or "http" or "streamable-http" or "streamableHttp" or "sse", "type",
            $"'{type}' is not supported; use stdio, http or sse");
        bool isProgram = type is "stdio" || (type is null && server.Command is not null);
        if (isProgram)
        {
            Require(!string.IsNullOrWhiteSpace(server.Command), "command", "is missing; name the program to start");
            Require(server.Url is null, "url", "stands next to command; keep one of them");
            Require(server.Identity is null, "identity", "has no meaning for a program; only requests to a url carry tokens");
            return server;
        }

        Require(!string.IsNullOrWhiteSpace(server.Url), type is null ? "command" : "url",
            "is missing; name the program to start (command) or the server's address (url)");
        Require(server.Command is null, "command", "stands next to url; keep one of them");
        Require(
            server.Identity is null || !server.Headers.Keys.Contains("Authorization", StringComparer.OrdinalIgnoreCase),
            "identity", "stands next to headers.Authorization; keep one of them");
        return server with { Sse = type is "sse" };
    }

    private ToolServerIdentity? Identity(JsonProperty field)
    {
        const string Remedy = "must be true, false or an object with audience (text) and scopes (a list of texts)";
        if (field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return field.Value.GetBoolean() ? new ToolServerIdentity() : null;
        }

        Require(field.Value.ValueKind == JsonValueKind.Object, field.Name, Remedy);
        var identity = new ToolServerIdentity();
        foreach (JsonProperty part in field.Value.EnumerateObject())
        {
            Require(part.Name is "audience" or "scopes", field.Name, Remedy);
            identity = part.Name == "audience" ? identity with { Audience = Text(part) } : identity with { Scopes = Texts(part) };
        }

        return identity;
    }

    private ToolServerSignIn? SignIn(JsonProperty field)
    {
        if (field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return field.Value.GetBoolean() ? new ToolServerSignIn() : null;
        }

        Require(field.Value.ValueKind == JsonValueKind.Object, field.Name, "must be true, false or an object");
        var signIn = new ToolServerSignIn();
        foreach (JsonProperty part in field.Value.EnumerateObject())
        {
            signIn = part.Name switch
            {
                "clientId" => signIn with { ClientId = Text(part) },
                "clientSecret" => signIn with { ClientSecret = Text(part) },
                "clientMetadataUrl" => signIn with { ClientMetadataUrl = Text(part) },
                "scopes" => signIn with { Scopes = Texts(part) },
                "callbackPort" => signIn with { CallbackPort = Port(part) },
                "grant" => signIn with { Grant = Grant(part) },
                "tokenEndpoint" => signIn with { TokenEndpoint = Text(part) },
                "refreshToken" => signIn with { RefreshToken = Text(part) },
                _ => throw Wrong(
                    $"oauth.{part.Name}",
                    "is unknown; use clientId, clientSecret, clientMetadataUrl, scopes, callbackPort, grant, tokenEndpoint or refreshToken"),
            };
        }

        bool byGrant = signIn.Grant is not null;
        Require(!byGrant || signIn is { ClientId: not null, TokenEndpoint: not null }, "oauth.grant",
            "takes clientId and tokenEndpoint");
        Require(signIn.Grant != SignInGrant.ClientCredentials || signIn.ClientSecret is not null, "oauth.clientSecret",
            "is missing; client_credentials takes it");
        Require((signIn.Grant == SignInGrant.RefreshToken) == signIn.RefreshToken is not null, "oauth.refreshToken",
            "goes with grant refresh_token and with nothing else");
        Require(byGrant || signIn.TokenEndpoint is null, "oauth.tokenEndpoint",
            "goes with a grant; without one the server says where tokens are given out");
        return signIn;
    }

    private SignInGrant Grant(JsonProperty field) => Text(field) switch
    {
        "client_credentials" => SignInGrant.ClientCredentials,
        "refresh_token" => SignInGrant.RefreshToken,
        var other => throw Wrong("oauth.grant",
            $"'{other}' is not a valid grant. Use client_credentials or refresh_token, or leave it out for a person's sign-in"),
    };

    private int Port(JsonProperty field)
    {
        int port = 0;
        Require(field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetInt32(out port) && port is >= 0 and <= 65_535,
            "oauth.callbackPort", "must be 0 to 65535");
        return port;
    }

    private AgentException Wrong(string field, string remedy) =>
        new(ErrorCode.InvalidInput, $"{origin}: {Place}.{name}.{field}: {remedy}.");

    private string Text(JsonProperty field)
    {
        Require(field.Value.ValueKind == JsonValueKind.String, field.Name, "must be text");
        return field.Value.GetString()!;
    }

    private bool Flag(JsonProperty field)
    {
        Require(field.Value.ValueKind is JsonValueKind.True or JsonValueKind.False, field.Name, "must be true or false");
        return field.Value.GetBoolean();
    }

    private string[] Texts(JsonProperty field)
    {
        Require(
            field.Value.ValueKind == JsonValueKind.Array
                && field.Value.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String),
            field.Name, "must be a list of texts");
        return [.. field.Value.EnumerateArray().Select(static item => item.GetString()!)];
    }

    private SortedDictionary<string, T> Map<T>(JsonProperty field, Func<string, T> convert)
    {
        Require(
            field.Value.ValueKind == JsonValueKind.Object
                && field.Value.EnumerateObject().All(static item => item.Value.ValueKind == JsonValueKind.String),
            field.Name, "must be an object whose values are texts");
        return new SortedDictionary<string, T>(
            field.Value.EnumerateObject().ToDictionary(static item => item.Name, item => convert(item.Value.GetString()!)),
            StringComparer.Ordinal);
    }

    private TimeSpan Milliseconds(JsonProperty field)
    {
        double time = 0;
        Require(
            field.Value.ValueKind == JsonValueKind.Number && field.Value.TryGetDouble(out time) && time is >= 1 and <= 86_400_000,
            field.Name, "must be a number of milliseconds from 1 to 86400000");
        return TimeSpan.FromMilliseconds(time);
    }

    private ToolEffect Effect(string field, string text)
    {
        Require(ToolEffects.TryParse(text, out ToolEffect effect), field,
            $"'{text}' is not a valid effect. Use none, idempotent or notIdempotent");
        return effect;
    }

    private void Require(bool condition, string? field, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"{origin}: {Place}.{name}{(field is null ? "" : $".{field}")}: {remedy}.");
        }
    }
}
