using System.Text;
using System.Text.Json;
using AgentFunctions.Core.JsonSchemas;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Gateway;

/// <summary>
/// What must hold for a run's acceptance, so that a check that cannot be made is refused and not found out days later.
/// </summary>
internal static class AcceptanceRules
{
    private const int MaxText = 32 * 1024;
    private const int MaxSchema = 256 * 1024;

    /// <summary>Checks what can be checked without the host.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public static void Validate(RunAcceptance acceptance)
    {
        Require(
            acceptance is not { Criteria: null, Command: null, Schema: null, Judge: null }, "criteria",
            "say in words when the goal counts as reached, or name a command, a schema or a judge");
        Require(acceptance.Command is null or { Count: > 0 and <= 100 }, "command",
            "name a program and its arguments, at most 100 items");
        Require(acceptance.Command?.All(static part => part is { Length: <= 4_096 }) != false, "command",
            "use items of at most 4,096 characters");
        Require(acceptance.Schema is null or { ValueKind: JsonValueKind.Object }, "schema", "send a JSON schema");
        Require(acceptance.Schema is null || acceptance.Schema.Value.GetRawText().Length <= MaxSchema, "schema",
            "use at most 256 KiB");
        IReadOnlyList<string> unsupported = acceptance.Schema is { } schema ? JsonSchema.Unsupported(schema) : [];
        Require(unsupported.Count == 0, "schema",
            $"it cannot be checked whole: {string.Join("; ", unsupported)}. Mend or leave out what is named");
        Require(acceptance.Judge is null || !string.IsNullOrWhiteSpace(acceptance.Judge.Rubric), "judge.rubric",
            "say what the judge is to look at");
        Require(
            acceptance.Judge is null || Encoding.UTF8.GetByteCount(acceptance.Judge.Rubric) <= MaxText, "judge.rubric",
            "use at most 32 KiB");
        Require(acceptance.MaxAttempts is >= 1 and <= 20, "maxAttempts", "use 1 to 20");
    }

    /// <summary>Checks what the host has to provide.</summary>
    /// <param name="acceptance">What is asked for.</param>
    /// <param name="models">The models of the host.</param>
    /// <param name="commands">Its commands; <see langword="null"/> if it has none.</param>
    /// <param name="hasWorkspace">Whether runs have a folder.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/> or <see cref="ErrorCode.ModelNotFound"/>: the message names the field and the remedy.
    /// </exception>
    public static void Ensure(RunAcceptance acceptance, IModelCatalog models, WorkspaceCommands? commands, bool hasWorkspace)
    {
        if (acceptance.Command is [var program, ..])
        {
            Require(hasWorkspace, "command", "this host gives runs no workspace, so no command can decide; leave it out");
            Require(
                commands?.Allows(program) == true, "command",
                $"this host does not allow '{PathSyntax.Show(program)}'; {commands?.AllowedText ?? "it allows no command."} Add it to AllowedCommands or leave it out");
        }

        if (acceptance.Judge?.Model is { } judge)
        {
            models.Resolve(judge);
        }
    }

    private static void Require(bool condition, string field, string remedy)
    {
        if (!condition)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"acceptance.{field}: {remedy}.");
        }
    }
}
