using System.ComponentModel;
using System.Globalization;
using System.Text;
using AgentFunctions.Core.Text;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Swarm;

/// <summary>Reads the answers of sub-agents.</summary>
internal static class ResultsTool
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    /// <summary>The most bytes of a page.</summary>
    private const int PageBytes = 16_000;

    public static async Task<string> ReadAsync(
        ToolContext context,
        [Description("The names of the sub-agents; by default all that have ended.")] IReadOnlyList<string>? sub_agents = null,
        [Description("How many to leave out; 0 by default.")] int offset = 0,
        [Description("The most answers of the page, from 1 to 100; 20 by default.")] int limit = DefaultLimit,
        CancellationToken cancellationToken = default)
    {
        if (offset < 0 || limit is < 1 or > MaxLimit)
        {
            throw new AgentException(ErrorCode.ToolArgumentsInvalid, $"offset, limit: use 0 or more, and 1 to {MaxLimit}.");
        }

        IReadOnlyList<SubAgent> all = await context.Services.GetRequiredService<SubAgents>()
            .ListAsync(context.RunId, sub_agents, cancellationToken).ConfigureAwait(false);
        SubAgent[] ended = [.. all.Where(static child => child.IsEnded)];
        SubAgent[] page = [.. ended.Skip(offset).Take(limit)];
        int share = FairShare.Of(page.Select(static child => child.Words), PageBytes);
        string? whole = page is [var only] && Encoding.UTF8.GetByteCount(only.Words) > share
            ? await ChildResults.KeepAsync(context.Artifacts, context.RunId, only.Name, only.Answer, cancellationToken)
                .ConfigureAwait(false)
            : null;
        string note = whole is null
            ? "… [cut: ask for fewer at once]"
            : $"… [cut: the whole is your artifact {whole}; page through it with recall]";
        var text = new StringBuilder();
        foreach (SubAgent child in page)
        {
            string answer = Preview.OfBytes(child.Words, share, note);
            text.Append(CultureInfo.InvariantCulture, $"## {child.Name}\n{answer}\n\n");
        }

        int next = offset + page.Length;
        return text.Append(CultureInfo.InvariantCulture,
            $"[{page.Length} of {ended.Length} answers; {all.Count - ended.Length} sub-agents have not ended.")
            .Append(next < ended.Length ? $" Go on with offset {next}.]" : "]").ToString();
    }
}
