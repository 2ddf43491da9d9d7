using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AgentFunctions.Budgets;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Budgets;

/// <summary>
/// A model that bills like a provider: from the moment that it is asked, for whatever it makes, delivered or not. What it
/// says and how it counts is drawn anew for every run; the run's goal must hold <c>run-NUMBER</c>.
/// </summary>
internal sealed partial class MeteredModel(ModelPrice price) : IChatClient
{
    private readonly ConcurrentDictionary<int, Bill> _bills = new();

    public Bill BillOf(int run) => _bills.GetOrAdd(run, static run => new Bill(run));

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatMessage[] all = [.. messages];
        Bill bill = BillOf(int.Parse(RunNumber()
            .Match(string.Concat(all.Select(static message => message.Text))).Groups[1].ValueSpan));
        ChatResponse response = bill.Make(all, options!, price);
        // As long as a model takes, in small: a host that dies shall find calls under way.
        await Task.Delay(5, cancellationToken);
        return response;
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options,
            cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    [GeneratedRegex("run-([0-9]+)")]
    private static partial Regex RunNumber();

    /// <summary>What one run has cost.</summary>
    internal sealed class Bill(int run)
    {
        private readonly Random _random = new(run);
        private readonly Lock _gate = new();
        private readonly double _tokensPerByte = new Random(run).Next(3) == 0 ? 1 : 0.2 + (new Random(run).NextDouble() * 0.8);

        public int Calls { get; private set; }

        public TokenUsage Usage { get; private set; } = new();

        public ChatResponse Make(IReadOnlyList<ChatMessage> messages, ChatOptions options, ModelPrice price)
        {
            lock (_gate)
            {
                var message = new ChatMessage(ChatRole.Assistant, Contents(options));
                long input = (long)Math.Ceiling((messages.Sum(Size) + (options.Tools ?? []).OfType<AIFunction>()
                    .Sum(Size)) * _tokensPerByte);
                long output = Math.Min(options.MaxOutputTokens!.Value, (long)Math.Ceiling(Size(message) * _tokensPerByte));
                long cached = _random.NextInt64(input);
                Calls++;
                Usage = Usage.Plus(new TokenUsage(input, output, cached, price.Of(input, output, cached)));
                return new ChatResponse(message)
                {
                    FinishReason = message.Contents.Any(static content => content is FunctionCallContent)
                        ? ChatFinishReason.ToolCalls
                        : ChatFinishReason.Stop,
                    Usage = new UsageDetails
                    {
                        InputTokenCount = input,
                        OutputTokenCount = output,
                        CachedInputTokenCount = cached
                    },
                };
            }
        }

        // As much as the bound of the answer allows at the most, even where each byte is a token.
        private List<AIContent> Contents(ChatOptions options)
        {
            int room = options.MaxOutputTokens!.Value - 24;
            if (options.Tools is null or { Count: 0 } || room < 80 || _random.Next(12) == 0)
            {
                return [new TextContent(new string('a', Math.Max(1, _random.Next(Math.Max(2, room)))))];
            }

            return
            [
                .. Enumerable.Range(0, 1 + _random.Next(Math.Min(4, room / 80))).Select(call => new FunctionCallContent(
                    $"c{Calls}-{call}", "make",
                    new Dictionary<string, object?> { ["count"] = JsonSerializer.SerializeToElement(_random.Next(4_000)) })),
            ];
        }

        private static long Size(ChatMessage message) => 16 + message.Contents.Sum(static content => content switch
        {
            TextContent text => Encoding.UTF8.GetByteCount(text.Text),
            FunctionCallContent call =>
                24 + call.CallId.Length + call.Name.Length + JsonSerializer.Serialize(call.Arguments).Length,
            FunctionResultContent result =>
                24 + result.CallId.Length + Encoding.UTF8.GetByteCount(result.Result?.ToString() ?? ""),
            _ => 0L,
        });

        private static long Size(AIFunction tool) =>
            24 + tool.Name.Length + Encoding.UTF8.GetByteCount(tool.Description)
                + Encoding.UTF8.GetByteCount(tool.JsonSchema.GetRawText());
    }
}
