using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentFunctions.TestKit;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>The host that tests of the Agent2Agent protocol meet, and a client that knows one method.</summary>
internal static class A2AHost
{
    public const string Answer = "This is the answer.";

    public static async Task<JsonElement> SendAsync(
        this ApiHost host, string? key, CancellationToken cancellationToken, string? version = "1.0", string goal = "Answer.",
        object? configuration = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/a2a/worker")
        {
            Content = JsonContent.Create(new
            {
                jsonrpc = "2.0",
                id = 1,
                method = "SendMessage",
                @params = new
                {
                    message = new { messageId = "m", role = "ROLE_USER", parts = new[] { new { text = goal } } },
                    configuration
                },
            }),
        };
        if (version is not null)
        {
            request.Headers.Add("A2A-Version", version);
        }

        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        using HttpResponseMessage response = await host.Client.SendAsync(request, cancellationToken);
        return JsonElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
    }

    public static Task<ApiHost> StartAsync(params (string Key, string Value)[] settings) =>
        StartAsync(static _ => Task.CompletedTask, settings);

    /// <summary>Starts a host.</summary>
    /// <param name="beforeSending">What the model waits for before it has something sent.</param>
    /// <param name="settings">The settings.</param>
    public static Task<ApiHost> StartAsync(
        Func<CancellationToken, Task> beforeSending, params (string Key, string Value)[] settings) => DoorHost.StartAsync(
        request => request switch
        {
            { Turn: < 2 } when request.Says("Look twice") => ChatReply.Call("look", new { at = request.Turn }) with
            {
                Text = $"I look, time {request.Turn}.",
            },
            { Turn: 0 } when request.Says("Read the file") => ChatReply.Call("recall", new { artifact = FileOf(request) }),
            _ when request.Says("Read the file") => ChatReply.Say($"Read: {request.Results[^1]}"),
            { Turn: 0 } when request.Says("Send it") => ChatReply.Call("send", new { }) with { Before = beforeSending },
            _ when request.Says("Wait.") => ChatReply.Say(Answer) with
            {
                Before = static token => new TaskCompletionSource().Task.WaitAsync(token),
            },
            _ => ChatReply.Say(Answer),
        },
        [
            AgentTool.Create("look", "Looks.", ToolEffect.None, static (int at) => $"seen {at}"),
            AgentTool.Create("send", "Sends.", ToolEffect.NotIdempotent, SendToolAsync),
        ],
        settings);

    private static async Task<string> SendToolAsync(ToolContext context)
    {
        await context.Artifacts.SaveAsync(context.RunId, "receipt.txt", "text/plain", Encoding.UTF8.GetBytes("It was sent."));
        return "sent";
    }

    private static string FileOf(ChatRequest request)
    {
        string text = request.Messages.Select(static one => one.ToString())
            .First(static one => one.Contains("as artifacts: ", StringComparison.Ordinal));
        return text.Split("as artifacts: ")[1].Split(']')[0];
    }
}
