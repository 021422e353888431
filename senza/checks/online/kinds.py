"""What ``--aws`` can find."""

from __future__ import annotations

from senza.checks.model import Kind

QUOTA = Kind(
    "SZ601",
    "error",
    "A quota does not allow the stack",
    "The stack would fail half-way, or its group could not grow to its maximum (then it is a warning).",
    "https://docs.aws.amazon.com/servicequotas/latest/userguide/intro.html",
)
PERMISSION = Kind(
    "SZ602",
    "warning",
    "A permission is missing",
    (
        "CloudFormation acts with your permissions, so the stack would fail half-way. An explicit denial is an error; "
        "what is merely not allowed for all resources may be allowed for these."
    ),
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html",
)
TAKEN = Kind(
    "SZ603",
    "error",
    "A name is taken already",
    "AWS refuses a second load balancer, target group or record of that name. A stack that exists is a warning.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html",
)
OFFERED = Kind(
    "SZ604",
    "error",
    "An instance type is not offered in a zone",
    "The group fails to start instances there; where it is offered in other zones of the group, this is a warning.",
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-discovery.html",
)
CERTIFICATE = Kind(
    "SZ605",
    "error",
    "A certificate does not cover a domain",
    "Every client of that domain would refuse to connect.",
    "https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html",
)
ROLE = Kind(
    "SZ606",
    "error",
    "A role does not exist",
    "The instance profile cannot be made, and the stack fails half-way.",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html",
)
ONLINE = (QUOTA, PERMISSION, TAKEN, OFFERED, CERTIFICATE, ROLE)
