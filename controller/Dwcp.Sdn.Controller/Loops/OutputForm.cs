using System.Net;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>What the speaker tells other people's tools (BMP, MRT), as the fabric stores it, in the words of the speaker and back.</summary>
internal static class OutputForm
{
    public static List<BmpSettings> Stations(BgpSpeakerSpec spec) =>
    [
        .. spec.Bmp.Select(b => new BmpSettings(
            IPEndPoint.Parse(b.Station!), b.PostPolicy ?? false, TimeSpan.FromSeconds(b.StatisticsSeconds ?? BgpSpeakerIntent.DefaultStatisticsSeconds))),
    ];

    public static MrtSettings? Files(BgpSpeakerSpec spec, string data) => spec.Mrt is { } mrt
        ? new(
            Path.Combine(data, "mrt"),
            mrt.Messages ?? true,
            TimeSpan.FromSeconds(mrt.TableSeconds ?? 0),
            TimeSpan.FromSeconds(mrt.RotateSeconds ?? BgpSpeakerIntent.DefaultMrt.Rotate),
            (mrt.MaxMegabytes ?? BgpSpeakerIntent.DefaultMrt.Megabytes) * 1024L * 1024,
            (int)(mrt.KeepFiles ?? BgpSpeakerIntent.DefaultMrt.Keep))
        : null;

    public static BmpStationStatus Of(BmpStatus status) =>
        new(status.Settings.Station.ToString(), status.Since is not null, status.Synchronised, (uint)status.CutOff, status.LastError);

    public static MrtStatusView? Of(MrtStatus? status) => status is null ? null : new(status.Settings.Directory, status.Dropped, status.LastError);
}
