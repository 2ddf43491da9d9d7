using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Runs;

namespace AgentFunctions.AspNetCore.Doors.A2A.Push;

/// <summary>Where a client wants to be told of a task. It belongs to its caller: others neither see nor replace it.</summary>
/// <param name="Id">The id that the client knows it by.</param>
/// <param name="Url">The address.</param>
internal sealed record PushConfig(string Id, string Url)
{
    private const int MostCharacters = 4_096;

    /// <summary>Gets what the receiver recognises messages by; <see langword="null"/> for nothing.</summary>
    public string? Token { get; init; }

    /// <summary>Gets the scheme of the header <c>Authorization</c>; <see langword="null"/> for none.</summary>
    public string? Scheme { get; init; }

    /// <summary>Gets the credentials of that header.</summary>
    public string? Credentials { get; init; }

    /// <summary>Reads a configuration of a client.</summary>
    /// <param name="config">The configuration.</param>
    /// <exception cref="A2AException">A field is wrong.</exception>
    public static PushConfig Read(JsonObject config)
    {
        string url = TextOf(config, "url", 2_048) ?? throw A2AException.Invalid("url: name the address that is told.");
        JsonObject? authentication = DoorJson.Object(config["authentication"], "authentication");
        string? scheme = TextOf(authentication, "scheme", 100);
        return scheme is not null && scheme.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
            ? throw A2AException.Invalid("authentication.scheme: name an HTTP authentication scheme, such as Bearer.")
            : new PushConfig(TextOf(config, "id", 150) ?? Guid.NewGuid().ToString("N"), url)
            {
                Token = TextOf(config, "token", MostCharacters),
                Scheme = scheme,
                Credentials = TextOf(authentication, "credentials", MostCharacters),
            };
    }

    /// <summary>Reads a stored configuration.</summary>
    /// <param name="receiver">The receiver.</param>
    public static PushConfig Read(RunReceiver receiver) =>
        Read(JsonNode.Parse(receiver.Terms.GetRawText())!["config"]!.AsObject());

    /// <summary>Gets who made a stored configuration.</summary>
    /// <param name="receiver">The receiver.</param>
    public static Caller CallerOf(RunReceiver receiver) => new(receiver.Terms.GetProperty("caller").GetString()!)
    {
        Roles = [.. receiver.Terms.GetProperty("roles").EnumerateArray().Select(static role => role.GetString()!)],
    };

    /// <summary>Makes a receiver of it.</summary>
    /// <param name="caller">Who wants to be told.</param>
    public RunReceiver ToReceiver(Caller caller) => new(
        ReceiverIdOf(caller, Id), PushMessages.FormName, Url,
        JsonElement.Parse(new JsonObject
        {
            ["caller"] = caller.Id,
            ["roles"] = new JsonArray([.. caller.Roles.Select(static role => (JsonNode)role)]),
            ["config"] = Show(null, true),
        }.ToJsonString()));

    /// <summary>Gets the id of the receiver of a caller's configuration.</summary>
    public static string ReceiverIdOf(Caller caller, string id) => $"{PushMessages.FormName}/{caller.Id}/{id}";

    /// <summary>Shows it.</summary>
    /// <param name="task">The task; <see langword="null"/> to leave it out.</param>
    /// <param name="withSecrets">Whether token and credentials are part of it: they are for the store only.</param>
    public JsonObject Show(string? task, bool withSecrets = false)
    {
        var shown = new JsonObject { ["id"] = Id, ["url"] = Url };
        if (task is not null)
        {
            shown["taskId"] = task;
        }

        if (Token is not null && withSecrets)
        {
            shown["token"] = Token;
        }

        if (Scheme is not null)
        {
            var authentication = new JsonObject { ["scheme"] = Scheme };
            if (Credentials is not null && withSecrets)
            {
                authentication["credentials"] = Credentials;
            }

            shown["authentication"] = authentication;
        }

        return shown;
    }

    private static string? TextOf(JsonObject? from, string name, int longest) => A2AMessage.TextOf(from, name) switch
    {
        null => null,
        var text when text.Length > longest || text.Any(char.IsControl) =>
            throw A2AException.Invalid($"{name}: use at most {longest} characters, and no line breaks."),
        var text => text,
    };
}
