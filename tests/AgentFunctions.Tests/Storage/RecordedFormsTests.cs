using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Durability;

namespace AgentFunctions.Tests.Storage;

/// <summary>
/// What is on disk outlives the code: each recorded type has a committed example with every member set, which must be read and
/// written again byte for byte. A member that is added is left out where it is null, so the examples never change; a new type
/// gets its example by running the explicit test below.
/// </summary>
public sealed class RecordedFormsTests
{
    /// <summary>The types whose JSON is recorded, by simple name.</summary>
    private static readonly string[] Recorded =
    [
        "RunState", "RunOutcome", "RunRecord", "RunRequest", "RunCommand", "AgentDefinition", "ToolDeclaration", "ToolOutcome",
        "CallModelInput", "CallModelResult", "CallToolInput", "CallToolResult", "NotifyInput", "CompactInput", "CompactResult",
        "CheckAcceptanceInput", "CheckAcceptanceResult", "ChildEnded", "ReportResult", "EndChildrenInput",
        "TranscriptEntry", "JournalEvent", "LedgerEntry", "Artifact", "EditMemo", "InboxMessage", "PlanItem", "Note", "BoardNote",
        "PathLease", "Approval", "AuditEntry", "AuditCheckpoint", "PastCall", "ReviewState", "QueueState", "QuotaState",
        "KillOrder", "ApiKeyRecord", "StoredKey", "PublicKeySet", "IdempotencyClaim", "ForkClaim", "RunEndedNotice",
        "FailureDetails",
    ];

    private static string Folder([CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path)!, "RecordedForms");

    [TestCaseSource(nameof(Recorded))]
    public void Example_ReadAndWrittenAgain_IsTheSame(string name)
    {
        string json = File.ReadAllText(Path.Combine(Folder(), name + ".json")).TrimEnd('\n');
        Type type = TypeOf(name);

        object? value = JsonSerializer.Deserialize(json, DurableJson.Options.GetTypeInfo(type));

        Assert.That(JsonSerializer.Serialize(value, DurableJson.Options.GetTypeInfo(type)), Is.EqualTo(json));
    }

    [Test]
    [Explicit("Writes the examples of recorded types that have none.")]
    public void MissingExamples_AreWritten()
    {
        foreach (string name in Recorded)
        {
            string file = Path.Combine(Folder(), name + ".json");
            if (!File.Exists(file))
            {
                Type type = TypeOf(name);
                object value = RecordedExample.Of(type);
                File.WriteAllText(file, JsonSerializer.Serialize(value, DurableJson.Options.GetTypeInfo(type)) + "\n");
            }
        }
    }

    private static Type TypeOf(string name)
    {
        Type[] found = [.. AppDomain.CurrentDomain.GetAssemblies()
            .Where(static assembly => assembly.GetName().Name == "AgentFunctions")
            .SelectMany(static assembly => assembly.GetTypes())
            .Where(type => type.Name == name && type.GetCustomAttribute<CompilerGeneratedAttribute>() is null)];
        Assert.That(found, Has.Length.EqualTo(1), $"The type '{name}' is not found once.");
        return found[0];
    }
}
