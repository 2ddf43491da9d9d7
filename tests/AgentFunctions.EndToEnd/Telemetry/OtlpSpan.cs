namespace AgentFunctions.EndToEnd.Telemetry;

/// <summary>A span as an OTLP receiver reads it; ids in hexadecimal digits.</summary>
/// <param name="Instance">The process that sent it.</param>
/// <param name="TraceId">The trace.</param>
/// <param name="Id">The span.</param>
/// <param name="ParentId">The span above; empty for none.</param>
/// <param name="Name">The name.</param>
/// <param name="Attributes">The attributes, as text.</param>
/// <param name="Links">The traces of the spans that it is linked to.</param>
/// <param name="Duration">How long it was.</param>
internal sealed record OtlpSpan(
    string Instance, string TraceId, string Id, string ParentId, string Name, IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<string> Links, TimeSpan Duration)
{
    public string? this[string attribute] => Attributes.GetValueOrDefault(attribute);
}
