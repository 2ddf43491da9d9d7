using System.Net;
using System.Text.Json;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>How the API and each door say that they turn a request away for now: a row each of the table of errors.</summary>
internal static class DoorRefusal
{
    public const string Api = "problem";
    public const string AgUi = "event";
    public const string OpenAI = "OpenAI's";
    public const string A2A = "HTTP+JSON";
    public const string A2ARpc = "JSON-RPC";
    public const string Mcp = "MCP's";

    /// <summary>Ensures that a response refuses in the form of its door, and says when to come back.</summary>
    /// <param name="form">The form.</param>
    /// <param name="response">The response.</param>
    /// <param name="isCallers">Whether the caller has used up what is its own; otherwise the host cannot serve anybody.</param>
    /// <param name="code">The code of the error where the form has ours.</param>
    public static async Task EnsureAsync(string form, HttpResponseMessage response, bool isCallers, string code)
    {
        string text = await response.Content.ReadAsStringAsync();
        JsonElement body = Body(text);
        HttpStatusCode status = isCallers ? HttpStatusCode.TooManyRequests : HttpStatusCode.ServiceUnavailable;
        Assert.That(response.StatusCode, Is.EqualTo(form == A2ARpc ? HttpStatusCode.OK : status), text);
        Assert.That(response.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(5)), text);
        switch (form)
        {
            case Api:
                Assert.That(body.GetProperty("code").GetString(), Is.EqualTo(code));
                break;
            case AgUi:
                Assert.That(
                    (body.GetProperty("type").GetString(), body.GetProperty("code").GetString()),
                    Is.EqualTo(("RUN_ERROR", code)));
                break;
            case OpenAI:
                Assert.That(
                    body.GetProperty("error").GetProperty("type").GetString(),
                    Is.EqualTo(isCallers ? "rate_limit_error" : "server_error"));
                Assert.That(response.Headers.GetValues("x-should-retry"), Is.EqualTo((string[])["true"]));
                break;
            case A2A:
                Assert.That(
                    body.GetProperty("error").GetProperty("status").GetString(),
                    Is.EqualTo(isCallers ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE"));
                EnsureRetryInfo(body.GetProperty("error").GetProperty("details"));
                break;
            case A2ARpc:
                Assert.That(body.GetProperty("error").GetProperty("code").GetInt32(), Is.EqualTo(-32603));
                JsonElement details = body.GetProperty("error").GetProperty("data");
                Assert.That(
                    details[0].GetProperty("reason").GetString(), Is.EqualTo(isCallers ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE"));
                EnsureRetryInfo(details);
                break;
            case Mcp:
                Assert.That(body.GetProperty("error").GetProperty("code").GetInt32(), Is.EqualTo(-32603));
                Assert.That(body.GetProperty("error").GetProperty("message").GetString(), Does.EndWith($"[{code}]"));
                break;
        }
    }

    private static void EnsureRetryInfo(JsonElement details) => Assert.That(
        (details[1].GetProperty("@type").GetString(), details[1].GetProperty("retryDelay").GetString()),
        Is.EqualTo(("type.googleapis.com/google.rpc.RetryInfo", "5s")));

    /// <summary>The JSON, which an SDK may have put into an event.</summary>
    private static JsonElement Body(string text) => JsonElement.Parse(text.StartsWith('{')
        ? text
        : text.Split('\n').Last(static line => line.StartsWith("data: {", StringComparison.Ordinal))["data: ".Length..]);
}
