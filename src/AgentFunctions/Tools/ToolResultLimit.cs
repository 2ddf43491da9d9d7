using System.Globalization;
using System.Text;
using AgentFunctions.Storage;

namespace AgentFunctions.Tools;

/// <summary>Keeps what is too long for the model as an artifact and shows its beginning and its end.</summary>
internal static class ToolResultLimit
{
    private const int MaxNameOfTool = 100;

    public static async Task<ToolOutcome> ApplyAsync(ToolCall call, ToolOutcome outcome, CancellationToken cancellationToken)
    {
        int limit = Math.Max(call.Tool.ResultLimit, 1);
        if (outcome.Text.Length <= limit)
        {
            return outcome;
        }

        byte[] content = Encoding.UTF8.GetBytes(outcome.Text);
        string size = string.Create(CultureInfo.InvariantCulture, $"{outcome.Text.Length} characters");
        try
        {
            Artifact artifact = await call.Context.Artifacts
                .SaveAsync(call.Context.RunId, Name(call), "text/plain; charset=utf-8", content, cancellationToken).ConfigureAwait(false);
            return outcome with
            {
                Text = Preview(outcome.Text, limit, $"[{size} in all; the whole is kept as artifact {artifact.Name}. Ask for less at once to see the rest.]"),
                Artifact = artifact.Name,
            };
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // The tool has done its work; that its result cannot be kept must not make it look undone.
            string reason = error is AgentException ? error.Message : error.GetType().Name;
            return outcome with { Text = Preview(outcome.Text, limit, $"[{size} in all; the rest could not be kept: {reason}]") };
        }
    }

    private static string Preview(string text, int limit, string note)
    {
        int tail = limit / 4;
        int head = limit - tail;
        int headEnd = char.IsHighSurrogate(text[head - 1]) ? head - 1 : head;
        int tailStart = text.Length - tail;
        tailStart = tailStart < text.Length && char.IsLowSurrogate(text[tailStart]) ? tailStart + 1 : tailStart;
        return string.Create(
            CultureInfo.InvariantCulture, $"{text.AsSpan(0, headEnd)}\n… [{tailStart - headEnd} characters left out]\n{text.AsSpan(tailStart)}\n{note}");
    }

    private static string Name(ToolCall call)
    {
        string tool = string.Concat(call.Tool.Name.Take(MaxNameOfTool).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"t{call.Context.Turn}-c{call.Context.Call}-{tool}.txt");
    }
}
