using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentFunctions.Runs;

/// <summary>
/// Represents the conditions under which the goal of a run counts as reached. In JSON it is a text (<see cref="Criteria"/>) or an
/// object.
/// </summary>
[JsonConverter(typeof(RunAcceptanceConverter))]
public sealed record RunAcceptance
{
    /// <summary>Gets the conditions in words, which the model is shown beside the goal; at most 32 KiB.</summary>
    public string? Criteria { get; init; }

    /// <summary>
    /// Gets a program and its arguments, run in the run's workspace as a call of <c>run_command</c>, which the agent must have:
    /// exit code 0 accepts. Policy, kill switch and audit hold for it; nobody can be asked, so what a policy puts before a person
    /// is refused. After a crash it runs again only if the effect that the agent's definition gives <c>run_command</c> allows
    /// that.
    /// </summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Gets a JSON schema: the answer must be JSON of it.</summary>
    public JsonElement? Schema { get; init; }

    /// <summary>Gets a model that judges the answer in a context of its own.</summary>
    public RunJudge? Judge { get; init; }

    /// <summary>Gets how often an answer may be given before the run fails, from 1 to 20; 3 by default.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Gets whether there is anything that decides beyond words.</summary>
    [JsonIgnore]
    public bool IsChecked => Command is not null || Schema is not null || Judge is not null;

    /// <summary>Converts conditions in words.</summary>
    /// <param name="criteria">The words.</param>
    public static implicit operator RunAcceptance?(string? criteria) => criteria is null
        ? null
        : new RunAcceptance { Criteria = criteria };
}

/// <summary>Represents a model that judges an answer.</summary>
/// <param name="Rubric">What it is to look at, in words; at most 32 KiB.</param>
/// <param name="Model">Its name; <see langword="null"/> for the run's own.</param>
public sealed record RunJudge(string Rubric, string? Model = null);

/// <summary>Reads words or an object, and writes back what was read.</summary>
public sealed class RunAcceptanceConverter : JsonConverter<RunAcceptance>
{
    /// <inheritdoc/>
    public override RunAcceptance? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        Form form = JsonSerializer.Deserialize(ref reader, RunAcceptanceContext.Default.Form)!;
        return new RunAcceptance
        {
            Criteria = form.Criteria,
            Command = form.Command,
            Schema = form.Schema,
            Judge = form.Judge,
            MaxAttempts = form.MaxAttempts ?? new RunAcceptance().MaxAttempts,
        };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, RunAcceptance value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        if (!value.IsChecked)
        {
            writer.WriteStringValue(value.Criteria);
            return;
        }

        var form = new Form(value.Criteria, value.Command, value.Schema, value.Judge, value.MaxAttempts);
        JsonSerializer.Serialize(writer, form, RunAcceptanceContext.Default.Form);
    }

    /// <summary>The object.</summary>
    internal sealed record Form(string? Criteria, IReadOnlyList<string>? Command, JsonElement? Schema, RunJudge? Judge,
        int? MaxAttempts);
}

/// <summary>How the object is read: strictly, since a slip in a name would drop a check.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RunAcceptanceConverter.Form))]
internal sealed partial class RunAcceptanceContext : JsonSerializerContext;
