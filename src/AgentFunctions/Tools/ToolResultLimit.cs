using System.Globalization;
using System.Text;
using AgentFunctions.Core.Text;
using AgentFunctions.Records;

namespace AgentFunctions.Tools;

/// <summary>Keeps what is too long for the model as an artifact and shows its beginning and its end.</summary>
internal static class ToolResultLimit
{
    private const int MaxNameOfTool = 100;

    /// <summary>What a preview says between its two parts, in bytes at the most.</summary>
    private const int CutFrame = 64;

    public static async Task<ToolOutcome> ApplyAsync(ToolCall call, ToolOutcome outcome, CancellationToken cancellationToken)
    {
        int limit = Math.Max(Math.Min(call.Tool.ResultLimit, call.Context.ResultLimit ?? int.MaxValue), 1);
        if (outcome.Text.Length <= limit)
        {
            return outcome;
        }

        string note = string.Create(CultureInfo.InvariantCulture, $"{outcome.Text.Length} characters in all");
        (string? artifact, string where) = await KeepAsync(call.Context, call.Tool.Name, outcome.Text, cancellationToken)
            .ConfigureAwait(false);
        return outcome with { Text = Preview(outcome.Text, limit, $"[{note}; {where}]"), Artifact = artifact };
    }

    /// <summary>Makes an outcome fit its share of the model's window.</summary>
    /// <param name="context">The call.</param>
    /// <param name="tool">The tool's name.</param>
    /// <param name="outcome">The outcome, within the tool's own limit.</param>
    /// <param name="maxBytes">The most bytes (UTF-8) of its text; 0 for any.</param>
    /// <param name="cancellationToken">The token to cancel the run; nothing else makes this throw.</param>
    public static async Task<ToolOutcome> FitAsync(
        ToolContext context, string tool, ToolOutcome outcome, int maxBytes, CancellationToken cancellationToken)
    {
        if (maxBytes == 0 || Encoding.UTF8.GetByteCount(outcome.Text) <= maxBytes)
        {
            return outcome;
        }

        (string? artifact, string where) = outcome.Artifact is { } kept
            ? (kept, $"the whole is kept as artifact {kept}.")
            : await KeepAsync(context, tool, outcome.Text, cancellationToken).ConfigureAwait(false);
        string note = $"[cut to fit; {where}]";
        int room = maxBytes - Encoding.UTF8.GetByteCount(note) - CutFrame;
        string text = Preview(outcome.Text, Math.Max(1, Fitting(outcome.Text, room)), note);
        return outcome with { Text = Encoding.UTF8.GetByteCount(text) <= maxBytes ? text : note, Artifact = artifact };
    }

    /// <summary>
    /// How many characters of a text, taken from its dense and its light parts alike, surely fit so many bytes.
    /// </summary>
    private static int Fitting(string text, int bytes)
    {
        int longest = text.Max(static c => c < 0x80 ? 1 : c < 0x800 ? 2 : 3);
        return Math.Max(0, bytes) / longest;
    }

    private static async Task<(string? Artifact, string Where)> KeepAsync(
        ToolContext context, string tool, string text, CancellationToken cancellationToken)
    {
        try
        {
            Artifact artifact = await context.Artifacts
                .SaveAsync(context.RunId, Name(context, tool), "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text),
                    cancellationToken)
                .ConfigureAwait(false);
            return (artifact.Name,
                $"the whole is kept as artifact {artifact.Name}. Ask for less at once, or page through it with recall.");
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // The tool has done its work; that its result cannot be kept must not make it look undone.
            return (null, $"the rest could not be kept: {(error is AgentException ? error.Message : error.GetType().Name)}");
        }
    }

    private static string Preview(string text, int limit, string note)
    {
        int tail = limit / 4;
        int head = limit - tail;
        int headEnd = TextCut.At(text, head);
        int tailStart = TextCut.At(text, text.Length - tail);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{text.AsSpan(0, headEnd)}\n… [{tailStart - headEnd} characters left out]\n{text.AsSpan(tailStart)}\n{note}");
    }

    private static string Name(ToolContext context, string tool)
    {
        string name = string.Concat(tool.Take(MaxNameOfTool)
            .Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_'));
        string call = context.Call == ToolContext.AcceptanceCall
            ? "acceptance"
            : string.Create(CultureInfo.InvariantCulture, $"c{context.Call}");
        return string.Create(CultureInfo.InvariantCulture, $"t{context.Turn}-{call}-{name}.txt");
    }
}
