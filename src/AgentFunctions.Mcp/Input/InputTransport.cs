using System.Text.Json.Nodes;
using System.Threading.Channels;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp.Input;

/// <summary>
/// Hands an answer that asks for input on as it is. The client would answer such requests at once, within the process; a person
/// may take days, so the call ends with them and is made again.
/// </summary>
/// <param name="inner">The way to the server.</param>
/// <param name="answered">Told of each answer.</param>
internal sealed class InputTransport(IClientTransport inner, Action<JsonObject> answered) : IClientTransport
{
    /// <summary>What an answer that asks for input says of itself here, where the server says <c>input_required</c>.</summary>
    public const string Kind = "agentfunctions/inputRequired";

    public string Name => inner.Name;

    public async Task<ITransport> ConnectAsync(CancellationToken cancellationToken = default) =>
        new Connection(await inner.ConnectAsync(cancellationToken).ConfigureAwait(false), answered);

    private sealed class Connection(ITransport inner, Action<JsonObject> answered) : ITransport
    {
        public string? SessionId => inner.SessionId;

        public ChannelReader<JsonRpcMessage> MessageReader { get; } = new Reader(inner.MessageReader, answered);

        public Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default) =>
            inner.SendMessageAsync(message, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class Reader(ChannelReader<JsonRpcMessage> inner, Action<JsonObject> answered) : ChannelReader<JsonRpcMessage>
    {
        public override Task Completion => inner.Completion;

        public override bool TryRead([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out JsonRpcMessage item)
        {
            if (!inner.TryRead(out item))
            {
                return false;
            }

            if (item is JsonRpcResponse { Result: JsonObject result })
            {
                answered(result);
                if (result["resultType"] is JsonValue kind && kind.TryGetValue(out string? said) && said == "input_required")
                {
                    result["resultType"] = Kind;
                }
            }

            return true;
        }

        public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) =>
            inner.WaitToReadAsync(cancellationToken);
    }
}
