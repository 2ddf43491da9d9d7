using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Core;
using AgentFunctions.Core.JsonSchemas;

namespace AgentFunctions.Governance.Questions;

/// <summary>
/// Represents the form of a question: a flat object of at most ten fields, in the subset of JSON Schema that the Model Context
/// Protocol's elicitation has. It is the one reader and checker of such forms.
/// </summary>
public sealed class QuestionForm
{
    /// <summary>The most fields.</summary>
    public const int MaxFields = 10;

    /// <summary>The largest form, in bytes (UTF-8).</summary>
    public const int MaxBytes = 8 * 1024;

    /// <summary>The largest answer, in bytes (UTF-8).</summary>
    public const int MaxAnswerBytes = 32 * 1024;

    /// <summary>The field of a form that asks for one thing alone.</summary>
    internal const string OnlyField = "answer";

    private readonly JsonSchema _checker;

    internal QuestionForm(JsonElement schema, IReadOnlyList<QuestionField> fields) =>
        (Schema, Fields, _checker) = (schema, fields, JsonSchema.Strict(schema));

    /// <summary>Gets the form as a JSON schema: every keyword of it is checked.</summary>
    public JsonElement Schema { get; }

    /// <summary>Gets the fields, in order.</summary>
    public IReadOnlyList<QuestionField> Fields { get; }

    /// <summary>Gets a form of one field for words.</summary>
    internal static QuestionForm Words { get; } = Read(JsonElement.Parse(
        """{"type":"object","properties":{"answer":{"type":"string","title":"Answer","minLength":1}},"required":["answer"]}"""));

    /// <summary>Reads a form.</summary>
    /// <param name="schema">The JSON schema.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the message names the field and the remedy.
    /// </exception>
    public static QuestionForm Read(JsonElement schema) => QuestionFormReader.Read(schema);

    /// <summary>Finds what is wrong with answers.</summary>
    /// <param name="answers">The answers: an object of values by the names of the fields.</param>
    /// <returns>The errors, each beginning with the field; empty if the answers fit.</returns>
    public IReadOnlyList<string> Errors(JsonElement answers) => answers.ValueKind != JsonValueKind.Object
        ? ["answers: send a JSON object with a value for each field."]
        : Encoding.UTF8.GetByteCount(answers.GetRawText()) > MaxAnswerBytes
            ? [$"answers: use at most {MaxAnswerBytes} bytes; give longer text as a file of the run."]
            : [.. _checker.Errors(answers, "answers")];

    /// <summary>
    /// Gets the defaults of the fields as answers; <see langword="null"/> if a required field has none, or if they do not fit.
    /// </summary>
    internal JsonElement? Defaults()
    {
        var answers = new JsonObject();
        foreach (QuestionField field in Fields)
        {
            if (field.Default is { } value)
            {
                answers[field.Name] = JsonNode.Parse(value.GetRawText());
            }
        }

        JsonElement all = JsonSerializer.SerializeToElement(answers, CoreJsonContext.Default.JsonNode);
        return Fields.Count > 0 && Errors(all).Count == 0 ? all : null;
    }

    /// <summary>Makes a form of choices.</summary>
    /// <param name="choices">The choices.</param>
    /// <param name="allowOther">Whether other words can be given instead.</param>
    internal static QuestionForm OfChoices(IReadOnlyList<string> choices, bool allowOther)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                [OnlyField] = new JsonObject
                {
                    ["type"] = "string",
                    ["title"] = "Answer",
                    ["enum"] = new JsonArray([.. choices.Select(static choice => (JsonNode)choice)])
                },
            },
        };
        if (allowOther)
        {
            schema["properties"]!["other"] =
                new JsonObject { ["type"] = "string", ["title"] = "Something else", ["minLength"] = 1 };
            schema["minProperties"] = 1;
        }
        else
        {
            schema["required"] = new JsonArray(OnlyField);
        }

        return Read(JsonSerializer.SerializeToElement(schema, CoreJsonContext.Default.JsonNode));
    }
}
