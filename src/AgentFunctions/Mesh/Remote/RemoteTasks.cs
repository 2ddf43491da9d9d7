using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Diagnostics;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Runs;

namespace AgentFunctions.Mesh.Remote;

/// <summary>Calls the methods of other hosts' agents: the client's side of the Agent2Agent protocol 1.0 over JSON-RPC.</summary>
internal sealed class RemoteTasks(RemoteAgents agents, MeshHttp http, VariableText texts, RunTokens tokens, RunStore runs)
{
    /// <summary>Calls a method.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="method">The method.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="use">The call that it is made for.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The result.</returns>
    /// <exception cref="RemoteException">The agent refused the request.</exception>
    /// <exception cref="HttpRequestException">
    /// Nobody knows whether the agent has seen the request or what it has begun, or it cannot serve it now.
    /// </exception>
    public async Task<JsonObject> CallAsync(
        string agent, string method, JsonObject parameters, TokenUse use, CancellationToken cancellationToken)
    {
        RemoteCard card = await agents.CardAsync(agent, cancellationToken).ConfigureAwait(false);
        var request = new HttpRequestMessage(HttpMethod.Post, card.Address)
        {
            Content = new StringContent(
                new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = parameters }.ToJsonString(),
                new MediaTypeHeaderValue("application/json", "utf-8")),
        };
        await AddHeadersAsync(request, agent, card, use, cancellationToken).ConfigureAwait(false);
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        JsonObject? answer = Read(body);
        if (answer?["result"] is JsonObject result)
        {
            return result;
        }

        if (answer?["error"] is JsonObject error)
        {
            int code = error["code"] is JsonValue value && value.TryGetValue(out int number) ? number : 0;
            string message = error["message"]?.ToString() ?? "no message";
            throw IsRefusal((int)response.StatusCode, code, error["data"] as JsonArray)
                ? new RemoteException(code, message)
                : new HttpRequestException($"The agent answered with the error {code}: {message}", null, response.StatusCode);
        }

        response.EnsureSuccessStatusCode();
        throw new HttpRequestException("The answer is not one of JSON-RPC.");
    }

    /// <summary>
    /// Determines whether an error says that nothing was begun. One of the agent's own host, which comes with the status 200 too,
    /// does not: the work may be under way.
    /// </summary>
    private static bool IsRefusal(int status, int code, JsonArray? details) => status switch
    {
        408 or 429 or >= 500 => false,
        >= 400 => true,
        _ => code is -32700 or -32600 or -32601 or -32602 or (<= -32001 and >= -32009)
            || details?.OfType<JsonObject>().Any(static one => one["reason"] is JsonValue reason
                && reason.TryGetValue(out string? name)
                && name is ("RESOURCE_EXHAUSTED" or "PERMISSION_DENIED" or "UNAUTHENTICATED")) == true,
    };

    private static JsonObject? Read(byte[] body)
    {
        try
        {
            // Double members would be found when they are looked at only.
            return JsonNode.Parse(body, null, new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private async Task AddHeadersAsync(
        HttpRequestMessage request, string agent, RemoteCard card, TokenUse use, CancellationToken cancellationToken)
    {
        MeshAgentOptions options = agents.Find(agent)!;
        request.Headers.Add("A2A-Version", "1.0");
        request.Headers.Add("A2A-Extensions", MeshOrigin.Extension);
        foreach ((string name, string value) in options.Headers)
        {
            string expanded = await texts.ExpandAsync(value, $"Mesh:Agents:{agent}:Headers:{name}", cancellationToken)
                .ConfigureAwait(false);
            request.Headers.TryAddWithoutValidation(name, expanded);
        }

        if (options.RunToken)
        {
            string token = await tokens.MintAsync(
                use, options.Audience ?? card.Address.GetLeftPart(UriPartial.Authority), [.. options.Scopes], cancellationToken)
                .ConfigureAwait(false);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (Activity.Current is null)
        {
            // Without telemetry nobody else says which trace the work belongs to.
            ActivityContext trace = RunTrace.ContextOf(await runs.GetAsync(use.RunId, cancellationToken).ConfigureAwait(false));
            request.Headers.TryAddWithoutValidation("traceparent",
                $"00-{trace.TraceId}-{trace.SpanId}-{(byte)trace.TraceFlags:x2}");
        }
    }
}

/// <summary>Represents an error that another host's agent answered with.</summary>
internal sealed class RemoteException(int code, string message) : Exception(message)
{
    /// <summary>The code of a task that does not exist.</summary>
    public const int TaskNotFound = -32001;

    /// <summary>Gets the code of JSON-RPC.</summary>
    public int Code { get; } = code;
}
