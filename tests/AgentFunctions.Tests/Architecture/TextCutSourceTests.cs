using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Architecture;

/// <summary>Text is shortened by <c>TextCut</c> or by whole characters, so that no cut leaves half a surrogate pair.</summary>
internal sealed partial class TextCutSourceTests
{
    /// <summary>Files that cut something else at a fixed length.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["AgentFunctions/Tools/Workspaces/BoundedText.cs"] = "its room was computed by TextCut",
        ["AgentFunctions/Tools/Workspaces/LineReader.cs"] = "its room was computed by TextCut",
        ["AgentFunctions/Agents/AgentName.cs"] = "ASCII by then",
        ["AgentFunctions/Tools/ToolNames.cs"] = "ASCII by then",
        ["AgentFunctions/Tools/ToolResultLimit.cs"] = "replaces each character beyond ASCII",
        ["AgentFunctions.Sqlite/Integrity/HeadFile.cs"] = "ASCII by then",
        ["AgentFunctions/Core/JsonSchemas/SchemaEvaluation.cs"] = "elements of a list",
        ["AgentFunctions/Core/JsonSchemas/SchemaFormats.cs"] = "a date, cut before its letter T",
        ["AgentFunctions/Diagnostics/RunTrace.cs"] = "a hash",
        ["AgentFunctions/Gateway/Queueing/QueueLimits.cs"] = "a hash",
        ["AgentFunctions/Governance/Audit/AuditSeal.cs"] = "bytes",
        ["AgentFunctions/Governance/Audit/AuditStory.cs"] = "a hash",
        ["AgentFunctions/Governance/Audit/ChainCheck.cs"] = "a hash",
        ["AgentFunctions/Tools/Workspaces/WorkspaceFile.cs"] = "a hash",
        ["AgentFunctions/Core/CallHash.cs"] = "a hash",
        ["AgentFunctions/Keys/HeadSlot.cs"] = "bytes",
        ["AgentFunctions/Keys/TreeKey.cs"] = "bytes",
        ["AgentFunctions/Runs/ReceiverStore.cs"] = "a hash",
        ["AgentFunctions.AspNetCore/Doors/A2A/A2AFile.cs"] = "bytes",
        ["AgentFunctions.AspNetCore/Doors/Mcp/McpRequestState.cs"] = "a hash",
        ["AgentFunctions/Keys/TreeKeys.cs"] = "a hash",
        ["AgentFunctions.Sqlite/DataFolder.cs"] = "a hash",
        ["AgentFunctions.Sqlite/Orchestration/OrchestrationContext.cs"] = "a hash",
        ["AgentFunctions.OpenAI/MessageWriter.cs"] = "replaces each character beyond ASCII",
        ["AgentFunctions.OpenAI/Wire/AnswerReader.cs"] = "bytes, of which half a character becomes U+FFFD",
        ["AgentFunctions.AzureStorage/LogSegments.cs"] = "bytes",
        ["AgentFunctions.DurableTask/Client/PageToken.cs"] = "a hash",
        ["AgentFunctions.Mcp/SignIn/LoopbackReceiver.cs"] = "bytes",
        ["AgentFunctions/Core/Text/UntrustedText.cs"] = "bytes",
        ["AgentFunctions/Governance/Redaction/PrivateKeyText.cs"] = "ASCII by then",
        ["AgentFunctions/Governance/Redaction/DecodedText.cs"] = "what was written to its buffer",
    };

    [Test]
    public void Sources_Always_CutTextBetweenCharacters()
    {
        string[] cuts = [.. Repository.Sources.Where(static file => Cut().IsMatch(Repository.Text("src/" + file)))];

        Assert.Multiple(() =>
        {
            Assert.That(
                cuts.Where(static file => !Allowed.ContainsKey(file)), Is.Empty,
                "Shorten text by TextCut (Core/Text); name the file here, with the reason, if what it cuts can hold no surrogate pair.");
            Assert.That(Allowed.Keys.Except(cuts), Is.Empty, "These exceptions are needed no more.");
        });
    }

    /// <summary>The beginning of something up to a number, a limit or the lesser of two lengths.</summary>
    [GeneratedRegex(
        @"\[\.\.(Math\.Min\(|[0-9][0-9_]*\]|_?(max|most|shown|longest|limit|room)\w*\]|\w*(limit|length|size|room)\])"
        + @"|(AsSpan|Substring|ToString)\(0, (Math\.Min\(|[0-9][0-9_]*\)|_?(max|most|shown|longest|limit|room)\w*\)|\w*(limit|length|size|room)\))"
        + @"|\.Take\((\w*(max|most|limit)\w*|[0-9]{2,})\)\s*\.(ToArray\(\)|Select\(static c =>)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Cut();
}
